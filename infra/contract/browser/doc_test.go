// Package browser_test uses the page as people do, in Chromium: with the mouse and with the keyboard alone, on both colour schemes and
// on two widths, on the laptop server and on a deployed stack. It finds everything by role and accessible name, so whatever it can do,
// a screen reader can do.
package browser_test
