package main

import (
	"fmt"
	"io"
	"slices"
)

const (
	plotWidth  = 860
	barsLeft   = 330
	barsWidth  = 480
	barHeight  = 9
	groupGap   = 12
	plotTop    = 64
	plotBottom = 30
)

// drawPlot draws, as SVG, the time of ours and of the limit as parts of the
// official SDK's, for calls that are signed with AK/SK, which all three know.
func drawPlot(w io.Writer, r report) {
	rows := slices.DeleteFunc(slices.Clone(r.Results), func(got result) bool { return got.Auth != byAccessKey })
	height := plotTop + len(rows)*(2*barHeight+groupGap) + plotBottom
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", plotWidth, height)
	fmt.Fprintln(w, `<title>Time of a call, official SDK = 1</title>`)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, height)
	fmt.Fprintln(w, `<text x="12" y="22" font-size="15" font-weight="bold">Time of a call, official SDK = 1 (shorter is better)</text>`)
	fmt.Fprintln(w, `<rect x="12" y="34" width="12" height="9" fill="#1f6feb"/><text x="29" y="43">this library</text>`)
	fmt.Fprintln(w, `<rect x="112" y="34" width="12" height="9" fill="#9aa4ae"/><text x="129" y="43">limit: net/http by hand, the body thrown away</text>`)
	for tick := range 6 {
		x := barsLeft + barsWidth*tick/5
		fmt.Fprintf(w, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#d0d7de"/><text x="%d" y="%d" text-anchor="middle">%.1f</text>`+"\n",
			x, plotTop-8, x, height-plotBottom, x, height-plotBottom+16, float64(tick)/5)
	}
	y := plotTop
	for _, row := range rows {
		fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="end">%s, %.1f KB, %s, %d at once</text>`+"\n",
			barsLeft-8, y+barHeight+3, row.Call, float64(row.Body)/1000, row.Way, row.Goroutines)
		drawBar(w, y, row.Time["ours/official"], "#1f6feb")
		drawBar(w, y+barHeight+1, row.Time["limit/official"], "#9aa4ae")
		y += 2*barHeight + groupGap
	}
	fmt.Fprintln(w, "</svg>")
}

// drawBar draws the median as a bar and the quartiles as a whisker.
func drawBar(w io.Writer, y int, s spread, colour string) {
	at := func(ratio float64) float64 { return min(ratio, 1.05) * barsWidth }
	fmt.Fprintf(w, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, barsLeft, y, at(s.Median), barHeight, colour)
	fmt.Fprintf(w, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%[2]f" stroke="#24292f"/>`,
		barsLeft+at(s.Low), float64(y)+barHeight/2.0, barsLeft+at(s.High))
	fmt.Fprintf(w, `<text x="%.1f" y="%d" font-size="9">%.2f</text>`+"\n", barsLeft+at(max(s.Median, s.High))+4, y+barHeight-1, s.Median)
}
