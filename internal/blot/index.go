package blot

import "math/bits"

// index answers whether a text may hold a piece, in a time that does not depend
// on the text's length: a Bloom filter of all its stretches of that length.
type index struct {
	bits  []uint64
	shift uint // of a hash to a bit's number
}

// bitsPerByte makes about one in 200 answers wrong.
const bitsPerByte = 16

func newIndex(text string) index {
	size := bits.Len(uint(len(text) * bitsPerByte))
	i := index{bits: make([]uint64, max(1, 1<<size/64)), shift: uint(64 - size)}
	for at := 0; at+stride <= len(text); at++ {
		first, second := i.places(word(text[at : at+stride]))
		i.bits[first/64] |= 1 << (first % 64)
		i.bits[second/64] |= 1 << (second % 64)
	}
	return i
}

func (i index) mayHold(piece uint64) bool {
	first, second := i.places(piece)
	return i.bits[first/64]&(1<<(first%64)) != 0 && i.bits[second/64]&(1<<(second%64)) != 0
}

func (i index) places(piece uint64) (first, second uint64) {
	return piece * 0x9e3779b97f4a7c15 >> i.shift, piece * 0xc2b2ae3d27d4eb4f >> i.shift
}

// word is a piece as a number.
func word(piece string) uint64 {
	_ = piece[stride-1]
	return uint64(piece[0]) | uint64(piece[1])<<8 | uint64(piece[2])<<16 | uint64(piece[3])<<24 |
		uint64(piece[4])<<32 | uint64(piece[5])<<40 | uint64(piece[6])<<48 | uint64(piece[7])<<56
}
