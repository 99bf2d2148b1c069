package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// helpWidth is the maximum length of a line of help.
const helpWidth = 110

// printHelp prints kong's help, followed by the command's details, which are examples, without wrapping them. A command with the
// tag "noresult" has no use for --output.
func printHelp(options kong.HelpOptions, parsed *kong.Context) error {
	node := parsed.Model.Node
	if selected := parsed.Selected(); selected != nil {
		node = selected
	}
	for _, flag := range parsed.Model.Flags {
		flag.Hidden = flag.Name == "output" && node.Tag.Has("noresult")
	}
	detail := node.Detail
	node.Detail = ""
	if err := kong.DefaultHelpPrinter(options, parsed); err != nil || detail == "" {
		return err
	}
	_, err := io.WriteString(parsed.Stdout, "\n"+detail+"\n")
	return err
}

// describe returns the help of a flag, with the variables that it defaults to.
func describe(value *kong.Value) string {
	names := variables(value.Tag)
	if len(names) == 0 {
		return value.Help
	}
	return fmt.Sprintf("%s [$%s]", value.Help, strings.Join(names, ", $"))
}
