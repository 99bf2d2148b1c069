package browser_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	console "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

// patience is how long a tab waits for what must appear.
const patience = time.Minute

// tab is a tab of Chromium with cookies of its own.
type tab struct {
	t *testing.T
	// ctx is chromedp's handle of the tab.
	ctx context.Context //nolint:containedctx // chromedp keeps a tab in a context
	log *log
}

// log has what a tab has sent to its console and to servers.
type log struct {
	sync.Mutex
	faults   []string
	requests []*network.EventRequestWillBeSent
}

var (
	// chromium is the browser of most tabs, since starting one takes longer than most tests.
	chromium      context.Context
	startChromium = sync.OnceValue(func() error { return chromedp.Do(chromium) })
)

// look is how a tab shows pages.
type look struct {
	scheme string
	width  int64
}

func (l look) String() string { return fmt.Sprintf("%s-%d", l.scheme, l.width) }

var desktop = look{"light", 1200}

// newTab opens a tab, which ends with the test, and shares no cookies or storage with another.
func newTab(t *testing.T, as look) *tab {
	t.Helper()
	skip.Without(t, "chromium", "chromium")
	must.Do(t, startChromium())
	ctx, stop := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	p := &tab{t: t, ctx: ctx, log: &log{}}
	p.setUp(as)
	return p
}

// newTabOfOwnBrowser is newTab for tests of the clipboard, which all tabs of a browser share.
func newTabOfOwnBrowser(t *testing.T, as look) *tab {
	t.Helper()
	skip.Without(t, "chromium", "chromium")
	browser, stop := newBrowser(context.WithoutCancel(t.Context()))
	t.Cleanup(stop)
	must.Do(t, chromedp.Do(browser))
	p := &tab{t: t, ctx: browser, log: &log{}}
	p.setUp(as)
	return p
}

// setUp sets the look of a new tab and starts its log.
func (p *tab) setUp(as look) {
	p.t.Helper()
	must.Do(p.t, chromedp.Listen(p.ctx, p.log.add))
	call(p, network.Enable, network.EnableParams{})
	call(p, console.Enable, cdp.Empty{})
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // whatever other tabs do
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: as.width, Height: 800, DeviceScaleFactor: 1, Mobile: as.width < 500,
	})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: as.scheme}},
	})
}

// newBrowser returns a context in which [chromedp.Do] starts Chromium, which ends with stop. Root needs --no-sandbox.
func newBrowser(ctx context.Context) (browser context.Context, stop func()) {
	options := chromedp.DefaultExecAllocatorOptions[:]
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, kill := chromedp.NewExecAllocator(ctx, options...)
	browser, _ = chromedp.NewContext(allocator)
	return browser, func() {
		closing, cancel := context.WithTimeout(browser, patience)
		defer cancel()
		_ = chromedp.Cancel(closing) // kill alone would leave child processes of Chromium behind
		kill()
	}
}

func (l *log) add(event any) {
	l.Lock()
	defer l.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		l.faults = append(l.faults, event.ExceptionDetails.Text+" "+event.ExceptionDetails.Exception.Description)
	case *console.EventEntryAdded:
		if event.Entry.Source == console.EntrySourceSecurity {
			l.faults = append(l.faults, event.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		l.requests = append(l.requests, event)
	}
}

// run returns the value of an action.
func run[Value any](p *tab, action chromedp.Action[Value]) Value {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	must.Do(p.t, err)
	return value
}

// call returns the result of a command of the DevTools protocol.
func call[Params, Result any](p *tab, command cdp.Command[Params, Result], params Params) Result {
	p.t.Helper()
	return run(p, func(ctx context.Context, _ *chromedp.Target) (Result, error) {
		return chromedp.Call(ctx, command, params)
	})
}

// eval returns the value of a JavaScript expression, or of its promise.
func eval[Value any](p *tab, expression string) Value {
	p.t.Helper()
	return run(p, chromedp.Evaluate[Value](expression, chromedp.EvalAwaitPromise))
}

// peek is like eval, but returns the zero value while another document takes the place of this one.
func peek[Value any](p *tab, expression string) Value {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[Value](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		var none Value
		return none
	}
	return value
}

// tree returns the elements that the accessibility tree has with a role and, unless it is empty, a name: none while another document takes
// the place of this one.
func (p *tab) tree(role, name string) (found []*accessibility.Node) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	document, err := chromedp.Call(ctx, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		return nil
	}
	query := accessibility.QueryAXTreeParams{NodeID: document.Root.NodeID, Role: role, AccessibleName: name}
	tree, err := chromedp.Call(ctx, accessibility.QueryAXTree, query)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(tree.Nodes, func(node *accessibility.Node) bool { return node.Ignored })
}

// nodes returns the elements of tree.
func (p *tab) nodes(role, name string) (found []cdp.BackendNodeID) {
	p.t.Helper()
	for _, node := range p.tree(role, name) {
		found = append(found, node.BackendDOMNodeID)
	}
	return found
}

// clickOf clicks the button with a name and a description, such as that of one token in a list.
func (p *tab) clickOf(name, description string) {
	p.t.Helper()
	var found cdp.BackendNodeID
	p.wait("a button named "+name+" of "+description, func() bool {
		for _, node := range p.tree("button", name) {
			if text(node.Description) == description {
				found = node.BackendDOMNodeID
			}
		}
		return found != 0
	})
	p.clickNode(found)
}

// choose chooses the option with a value.
func (p *tab) choose(name, value string) {
	p.t.Helper()
	call(p, dom.Focus, dom.FocusParams{BackendNodeID: p.find("combobox", name)})
	eval[any](p, `document.activeElement.value = "`+value+`"; document.activeElement.dispatchEvent(new Event("change", { bubbles: true }))`)
}

// has reports whether there is an element with a role and a name.
func (p *tab) has(role, name string) bool {
	p.t.Helper()
	return len(p.nodes(role, name)) > 0
}

// find waits for an element with a role and a name. Of several it returns the first.
func (p *tab) find(role, name string) cdp.BackendNodeID {
	p.t.Helper()
	var found []cdp.BackendNodeID
	p.wait(fmt.Sprintf("a %s named %q", role, name), func() bool {
		found = p.nodes(role, name)
		return len(found) > 0
	})
	return found[0]
}

// wait waits until reached returns true.
func (p *tab) wait(what string, reached func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !reached(); {
		if time.Now().After(end) {
			p.t.Fatalf("waited %v for %s; the page shows:\n%s", patience, what, eval[string](p, "document.body.innerText"))
		}
		select {
		case <-p.t.Context().Done():
			p.t.Fatal(p.t.Context().Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// waitFor waits until a JavaScript expression is true.
func (p *tab) waitFor(expression string) {
	p.t.Helper()
	p.wait(expression, func() bool { return peek[bool](p, expression) })
}

// click clicks the middle of an element with the mouse.
func (p *tab) click(role, name string) {
	p.t.Helper()
	p.clickNode(p.find(role, name))
}

func (p *tab) clickNode(id cdp.BackendNodeID) {
	p.t.Helper()
	call(p, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: id})
	quads := call(p, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: id}).Quads
	if len(quads) == 0 {
		p.t.Fatal("the element has no box")
	}
	q := quads[0]
	run(p, chromedp.MouseClickXY((q[0]+q[4])/2, (q[1]+q[5])/2))
}

// fill replaces the value of a text field by typing.
func (p *tab) fill(name, text string) {
	p.t.Helper()
	p.fillAs("textbox", name, text)
}

// fillAs is like fill for a field of another role.
func (p *tab) fillAs(role, name, text string) {
	p.t.Helper()
	call(p, dom.Focus, dom.FocusParams{BackendNodeID: p.find(role, name)})
	eval[any](p, "document.activeElement.select()")
	call(p, input.InsertText, input.InsertTextParams{Text: text})
}

// press presses keys, one after another.
func (p *tab) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		run(p, chromedp.KeyEvent(key))
	}
}

// open loads the page at url.
func (p *tab) open(url string) {
	p.t.Helper()
	run(p, chromedp.Navigate(url))
}

// signIn opens the page and signs in with a token.
func (p *tab) signIn(url, token string) {
	p.t.Helper()
	p.open(url)
	p.fill("Token", token)
	p.click("button", "Sign in")
	p.find("button", "Sign out")
	p.settled()
}

// settled waits until no list is loading.
func (p *tab) settled() {
	p.t.Helper()
	p.waitFor(`!document.querySelector('[aria-busy=true]')`)
}

// faultless checks that no script has failed and no policy was violated.
func (p *tab) faultless() {
	p.t.Helper()
	p.log.Lock()
	defer p.log.Unlock()
	for _, fault := range p.log.faults {
		p.t.Errorf("the page's script failed: %s", fault)
	}
}
