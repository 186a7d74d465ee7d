package blot

// index finds the stretches of a text that are as long as a piece.
type index struct {
	text  string
	heads []int32 // by hash: the last stretch with it, from 1
	next  []int32 // by stretch: the one before it with the same hash
	shift uint
}

func newIndex(text string) index {
	bits := uint(8)
	for 1<<bits < len(text) {
		bits++
	}
	i := index{text: text, heads: make([]int32, 1<<bits), next: make([]int32, len(text)+1), shift: 64 - bits}
	for at := 0; at+stride <= len(text); at++ {
		slot := &i.heads[i.hash(text[at:])]
		i.next[at+1], *slot = *slot, int32(at+1)
	}
	return i
}

// find calls found with each place where the text holds the piece.
func (i index) find(piece string, found func(at int)) {
	for at := i.heads[i.hash(piece)]; at > 0; at = i.next[at] {
		if begin := int(at - 1); i.text[begin:begin+stride] == piece {
			found(begin)
		}
	}
}

func (i index) hash(piece string) uint64 {
	_ = piece[stride-1]
	word := uint64(piece[0]) | uint64(piece[1])<<8 | uint64(piece[2])<<16 | uint64(piece[3])<<24 |
		uint64(piece[4])<<32 | uint64(piece[5])<<40 | uint64(piece[6])<<48 | uint64(piece[7])<<56
	return word * 0x9e3779b97f4a7c15 >> i.shift
}
