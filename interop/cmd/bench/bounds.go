package main

// bound is what the library holds itself to: the most that a median of ours may
// be, as a ratio to another contender's. Zero stands for no bound.
type bound struct{ official, limit, bytes, allocs float64 }

// boundOf returns the bound of a scenario. Over HTTP/2 ours is held to the limit
// alone: the official SDK speaks HTTP/1.1, which for one call after another is the
// cheaper protocol.
func boundOf(s scenario) bound {
	b := boundOverHTTP1(s)
	if s.Way == wayHTTP2 {
		b.official = 0
	}
	return b
}

func boundOverHTTP1(s scenario) bound {
	loopback, parallel := s.Way != wayMemory, s.Goroutines > 1
	switch {
	case s.Call == "ShowCertKey" && !loopback:
		return bound{official: 0.45, bytes: 0.35, allocs: 0.35}
	case s.Call == "ShowCertKey" && parallel:
		return bound{official: 0.55, limit: 1.30}
	case s.Call == "ShowCertKey":
		return bound{official: 0.75, limit: 1.20}
	case !loopback:
		return bound{official: 0.50, bytes: 0.55, allocs: 0.40}
	case parallel:
		return bound{official: 0.80, limit: 1.20}
	default:
		return bound{official: 0.85, limit: 1.10}
	}
}
