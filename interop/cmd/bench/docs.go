package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// docs writes the tables into performance.md, between its marks, and draws the
// plot beside it.
func docs(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("docs", flag.ContinueOnError)
	dir := flags.String("dir", "../docs", "folder of performance.md, and of the figures speed.json and footprint.json")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var (
		figures report
		weights footprintReport
	)
	if err := errors.Join(readJSON(filepath.Join(*dir, "speed.json"), &figures), readJSON(filepath.Join(*dir, "footprint.json"), &weights)); err != nil {
		return err
	}
	page := filepath.Join(*dir, "performance.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	var speedTables, footprintTable, plot bytes.Buffer
	writeSpeedTables(&speedTables, figures)
	writeFootprintTable(&footprintTable, weights)
	drawPlot(&plot, figures)
	for mark, table := range map[string]*bytes.Buffer{"speed": &speedTables, "footprint": &footprintTable} {
		if text, err = between(text, mark, table.Bytes()); err != nil {
			return err
		}
	}
	return errors.Join(os.WriteFile(page, text, 0o600), os.WriteFile(filepath.Join(*dir, "performance.svg"), plot.Bytes(), 0o600))
}

// between replaces what stands between <!-- mark --> and <!-- /mark -->.
func between(text []byte, mark string, table []byte) ([]byte, error) {
	before, rest, found := bytes.Cut(text, fmt.Appendf(nil, "<!-- %s -->\n", mark))
	_, after, closed := bytes.Cut(rest, fmt.Appendf(nil, "<!-- /%s -->", mark))
	if !found || !closed {
		return nil, fmt.Errorf("performance.md has no marks <!-- %s --> and <!-- /%[1]s -->", mark)
	}
	return fmt.Appendf(nil, "%s<!-- %s -->\n\n%s\n<!-- /%[2]s -->%[4]s", before, mark, table, after), nil
}

func readJSON(file string, v any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}
