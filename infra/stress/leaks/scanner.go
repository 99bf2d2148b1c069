package leaks

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"

	"pats/pkg/pat"
)

// Hit is a secret that was found.
type Hit struct {
	// Path is the path of the file. A file in an archive follows a "!".
	Path string
	// Offset is where the hit begins, in bytes.
	Offset int64
	// Form is the name of the encoding.
	Form string
	// Name describes the token without revealing it.
	Name string
}

// Scanner finds secrets in bytes. It is safe for concurrent use.
type Scanner struct {
	secrets []string
	known   map[string]bool
	// first maps the hash of the first window bytes to the index of a pattern, and next maps that to another pattern with the same hash.
	first map[uint64]int
	next  []int
	// patterns holds indexes of a secret and of a form.
	patterns []pattern
	// filter has a bit for each hash in first.
	filter []uint64
}

type pattern struct{ secret, form int }

// window is how many bytes a hash covers. No pattern is shorter.
const window = anchorLen

// NewScanner returns a Scanner for secrets, each a whole token in any spelling. It ignores a text that is too short for a token, and does not look for
// a token that does not look random.
func NewScanner(secrets []string) *Scanner {
	s := &Scanner{known: map[string]bool{}, first: map[uint64]int{}}
	for _, text := range secrets {
		secret := canonical(text)
		if !s.known[secret] && len(secretPart(secret)) >= 24 {
			s.known[secret] = true
			s.secrets = append(s.secrets, secret)
		}
	}
	s.index()
	s.fillFilter()
	return s
}

// Secrets returns how many different secrets the Scanner has.
func (s *Scanner) Secrets() int { return len(s.secrets) }

func (s *Scanner) index() {
	for secret, token := range s.secrets {
		part := secretPart(token)
		if !varied(head(part)) || !varied(tail(part)) {
			continue
		}
		seen := map[string]bool{}
		for form := range forms {
			if text := forms[form].of(part); !seen[text] {
				seen[text] = true
				s.add(text, pattern{secret, form})
			}
		}
	}
}

func (s *Scanner) add(text string, p pattern) {
	hash := hashOf(text[:window])
	before, ok := s.first[hash]
	if !ok {
		before = -1
	}
	s.first[hash] = len(s.patterns)
	s.patterns = append(s.patterns, p)
	s.next = append(s.next, before)
}

// The hash is a polynomial in base, modulo 2⁶⁴, so that it can roll from byte to byte (Rabin-Karp).
const base = 0x9E3779B97F4A7C15

// leaving holds what each byte contributes to the hash of a window that begins with it.
var leaving = func() (table [256]uint64) {
	power := uint64(1)
	for range window {
		power *= base
	}
	for b := range table {
		table[b] = (uint64(b) + 1) * power
	}
	return table
}()

func hashOf(text string) uint64 {
	var hash uint64
	for i := range window {
		hash = hash*base + uint64(text[i]) + 1
	}
	return hash
}

// fillFilter sizes the filter so that at most one bit in sixteen is set.
func (s *Scanner) fillFilter() {
	words := 1
	for words*64 < 16*len(s.first) {
		words *= 2
	}
	s.filter = make([]uint64, words)
	for hash := range maps.Keys(s.first) {
		word, bit := s.place(hash)
		s.filter[word] |= bit
	}
}

// place returns the position of a hash in the filter. It uses the upper half, since the lowest bits of a polynomial vary little.
func (s *Scanner) place(hash uint64) (word int, bit uint64) {
	return int(hash>>32) & (len(s.filter) - 1), 1 << (hash >> 26 & 63)
}

// chunk is how many bytes are searched at a time, and overlap how many of them again with the next chunk: more than any pattern has.
const (
	chunk   = 1 << 20
	overlap = 2 * longest
)

// Scan returns the secrets in r, each once for each form, at its first place. Errors: r's.
func (s *Scanner) Scan(path string, r io.Reader) ([]Hit, error) {
	found := map[Hit]int64{}
	buffer := make([]byte, 0, chunk+overlap)
	for offset := int64(0); ; {
		n, err := io.ReadFull(r, buffer[len(buffer):chunk+overlap])
		buffer = buffer[:len(buffer)+n]
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return nil, err
		}
		ends := len(buffer)
		if !last {
			ends -= overlap
		}
		s.search(buffer, ends, func(at int, form, name string) {
			hit := Hit{Path: path, Form: form, Name: name}
			if _, ok := found[hit]; !ok {
				found[hit] = offset + int64(at)
			}
		})
		if last {
			return inOrder(found), nil
		}
		offset += int64(ends)
		buffer = append(buffer[:0], buffer[ends:]...)
	}
}

func inOrder(found map[Hit]int64) []Hit {
	var hits []Hit
	for hit, offset := range found {
		hit.Offset = offset
		hits = append(hits, hit)
	}
	slices.SortFunc(hits, func(a, b Hit) int { return int(a.Offset - b.Offset) })
	return hits
}

// search reports the patterns that begin in data before ends.
func (s *Scanner) search(data []byte, ends int, report func(at int, form, name string)) {
	s.searchUnknown(data, ends, v2Prefix, report)
	s.searchUnknown(data, ends, patsPrefix, report)
	if len(data) < window {
		return
	}
	hash := hashOf(string(data[:window]))
	for at := 0; ; at++ {
		if word, bit := s.place(hash); s.filter[word]&bit != 0 {
			s.verify(data, at, hash, report)
		}
		if at+1 >= ends || at+window >= len(data) {
			return
		}
		hash = hash*base + uint64(data[at+window]) + 1 - leaving[data[at]]
	}
}

func (s *Scanner) verify(data []byte, at int, hash uint64, report func(at int, form, name string)) {
	index, ok := s.first[hash]
	for ; ok && index >= 0; index = s.next[index] {
		p := s.patterns[index]
		if bytes.HasPrefix(data[at:], []byte(forms[p.form].of(secretPart(s.secrets[p.secret])))) {
			report(at, forms[p.form].name, nameOf(s.secrets[p.secret]))
		}
	}
}

// searchUnknown reports tokens with prefix that are not registered: their checksum is right, and they look random.
func (s *Scanner) searchUnknown(data []byte, ends int, prefix string, report func(at int, form, name string)) {
	length := len(prefix) + selectorAndSecret
	for at := 0; ; at++ {
		next := bytes.Index(data[at:], []byte(prefix))
		if next < 0 || at+next >= ends || at+next+length > len(data) {
			return
		}
		at += next
		secret, err := pat.ParseSecret(string(data[at : at+length]))
		if token := secret.Reveal(); err == nil && !s.known[token] && varied(head(secretPart(token))) {
			report(at, "a token that is not registered", nameOf(token))
		}
	}
}
