package smstest

import (
	"math/rand/v2"
	"net/http"
)

// Fault is something that goes wrong with the answer to a request. The zero Fault
// is none: the request is served as it should be. Make others with the functions of
// this package, from Status to Reset.
type Fault struct {
	// serve answers in place of right, which is what the service would do.
	serve func(w http.ResponseWriter, r *http.Request, right http.Handler)
}

// Pass returns no fault, for places in a script where all goes well:
//
//	srv.Fail(smstest.ShowCertKey, smstest.Pass(), smstest.Status(503, "")) // the 2nd one fails
func Pass() Fault { return Fault{} }

// plan says what happens to one request after the other, and false where it has
// nothing to say.
type plan func() (Fault, bool)

// Fail makes the next requests for an operation go wrong: the first that comes
// gets the first fault and so on; those that come after the last are served as they should be. The
// operation is ShowCertKey or another of Operations, "" for any; where something was said about
// both, the operation's own comes first. It replaces what was said about the operation before.
// Requests are counted whether or not they are authenticated. It panics where there is
// no such operation, as a test would pass for the wrong reason.
func (s *Server) Fail(operation string, faults ...Fault) {
	s.setPlan(operation, func() (Fault, bool) {
		if len(faults) == 0 {
			return Fault{}, false
		}
		next := faults[0]
		faults = faults[1:]
		return next, true
	})
}

// FailAlways makes all requests for an operation go wrong until Heal. It names
// operations as Fail does.
func (s *Server) FailAlways(operation string, fault Fault) {
	s.setPlan(operation, func() (Fault, bool) { return fault, true })
}

// FailAtRandom makes each request for an operation go wrong with a probability
// from 0 to 1, in one of the given ways. The same seed draws the same sequence. It
// names operations as Fail does, and panics for another probability and without faults.
func (s *Server) FailAtRandom(operation string, seed uint64, probability float64, faults ...Fault) {
	if !(probability >= 0 && probability <= 1) || len(faults) == 0 {
		misuse("FailAtRandom wants a probability from 0 to 1 and at least one fault")
	}
	draw := rand.New(rand.NewPCG(seed, seed))
	s.setPlan(operation, func() (Fault, bool) {
		if draw.Float64() >= probability {
			return Fault{}, true
		}
		return faults[draw.IntN(len(faults))], true
	})
}

// Heal ends everything that Fail, FailAlways, FailAtRandom, FailConnections and
// BreakTLS have begun. Requests that hang go on hanging.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.plans)
	clear(s.connFaults)
	s.tlsDefect = TLSIntact
}

func (s *Server) setPlan(operation string, p plan) {
	checkOperation(operation)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans[operation] = p
}

// nextFault draws from the plan of the operation, or else from that of any.
func (s *Server) nextFault(operation string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{operation, ""} {
		if p := s.plans[name]; p != nil {
			if fault, said := p(); said {
				return fault
			}
		}
	}
	return Fault{}
}

// apply serves a request, with the fault where there is one.
func (f Fault) apply(w http.ResponseWriter, r *http.Request, right http.Handler) {
	if f.serve == nil {
		right.ServeHTTP(w, r)
		return
	}
	f.serve(w, r, right)
}
