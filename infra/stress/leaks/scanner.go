package leaks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
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
	// patterns are the forms of the secrets, by the bytes with which they begin.
	patterns map[anchor][]pattern
	// filter has a bit for each hash of the beginning of an anchor.
	filter []uint64
}

// anchor is the beginning of a pattern. No pattern is shorter.
type anchor = [anchorLen]byte

// pattern has the indexes of a secret and of a form.
type pattern struct{ secret, form int }

// NewScanner returns a Scanner for secrets, each a whole token in any spelling. It ignores a text that is too short for a token, and does not look for
// a token that does not look random.
func NewScanner(secrets []string) *Scanner {
	s := &Scanner{known: map[string]bool{}, patterns: map[anchor][]pattern{}, filter: make([]uint64, 1<<filterBits/64)}
	for _, text := range secrets {
		secret := canonical(text)
		if !s.known[secret] && len(secretPart(secret)) >= 24 {
			s.known[secret] = true
			s.secrets = append(s.secrets, secret)
		}
	}
	s.index()
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
	begin := anchor([]byte(text))
	s.patterns[begin] = append(s.patterns[begin], p)
	word, bit := place(begin[:])
	s.filter[word] |= bit
}

const filterBits = 24

// place returns the position in the filter of the hash of the first four bytes of data.
func place(data []byte) (word uint32, bit uint64) {
	hash := binary.LittleEndian.Uint32(data) * 0x9E3779B1 >> (32 - filterBits)
	return hash / 64, 1 << (hash % 64)
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
	for at := 0; at < ends && at+anchorLen <= len(data); at++ {
		if word, bit := place(data[at:]); s.filter[word]&bit != 0 {
			s.verify(data[at:], func(form, name string) { report(at, form, name) })
		}
	}
}

// verify reports the patterns with which data begins.
func (s *Scanner) verify(data []byte, report func(form, name string)) {
	for _, p := range s.patterns[anchor(data)] {
		if bytes.HasPrefix(data, []byte(forms[p.form].of(secretPart(s.secrets[p.secret])))) {
			report(forms[p.form].name, nameOf(s.secrets[p.secret]))
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
