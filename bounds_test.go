package sms_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// TestHostileBodiesTakeLittleMemory is not parallel: it looks at the memory of the process.
func TestHostileBodiesTakeLittleMemory(t *testing.T) { //nolint:paralleltest // see above
	const gigabyte = 1 << 30
	for name, fault := range map[string]smstest.Fault{
		"a body of 1 GiB":         smstest.Flood(200, gigabyte, `{"cert":"`),
		"endless white space":     smstest.Flood(200, gigabyte, " \n"),
		"a gzip bomb":             smstest.GzipBomb(gigabyte),
		"an error body of 1 GiB":  smstest.Flood(403, gigabyte, "x"),
		"an error object, 1 GiB":  smstest.Flood(403, gigabyte, `{"error_msg":"`),
		"deep nesting":            smstest.Status(200, strings.Repeat("[", 1<<20)),
		"100,000 unknown fields":  smstest.Status(200, "{"+strings.Repeat(`"x":1,`, 100_000)+"}"),
		"a redirect with a body":  smstest.Flood(302, gigabyte, "x"),
		"an unauthorized refusal": smstest.Flood(401, gigabyte, "x"),
	} {
		t.Run(name, func(t *testing.T) {
			srv := smstest.NewServer()
			defer srv.Close()
			srv.FailAlways("", fault)
			client, err := srv.Client(once())
			require.NoError(t, err)
			peak := peakHeap(func() {
				for range 3 {
					_, err = client.ShowCertKey(t.Context(), taskID)
				}
			})
			require.Error(t, err)
			assert.Less(t, peak, uint64(32<<20), "growth of the heap, the service's own included")
		})
	}
}

// Our own transport stops reading headers at 256 KiB.
func TestHostileHeadersTakeLittleMemory(t *testing.T) { //nolint:paralleltest // it looks at the memory of the process
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed below
	require.NoError(t, err)
	served := make(chan bool)
	go func() {
		defer close(served)
		line := []byte("X-Long: " + strings.Repeat("x", 32<<10) + "\r\n")
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(conn).ReadString('\n') // or the answer is one that nobody asked for
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
			for range 320 {
				if _, err := conn.Write(line); err != nil {
					break
				}
			}
			_ = conn.Close()
		}
	}()
	client, err := sms.NewClient("http://"+listener.Addr().String(), sms.StaticToken("token"), sms.WithInsecureHTTP(), once())
	require.NoError(t, err)
	peak := peakHeap(func() { _, err = client.ShowCertKey(t.Context(), taskID) })
	require.ErrorIs(t, err, sms.ErrResponseTooLarge)
	assert.Less(t, peak, uint64(32<<20))
	client.CloseIdleConnections()
	require.NoError(t, listener.Close())
	<-served
}

// peakHeap returns by how much the heap has grown at most while f ran.
func peakHeap(f func()) uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	before := stats.HeapInuse
	ctx, stop := context.WithCancel(context.Background())
	peak := make(chan uint64)
	go func() {
		highest := before
		for ctx.Err() == nil {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			highest = max(highest, now.HeapInuse)
			time.Sleep(time.Millisecond)
		}
		peak <- highest
	}()
	f()
	stop()
	return <-peak - before
}

func TestAnOutageIsNotMultiplied(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusServiceUnavailable, 0} {
		synctest.Test(t, func(t *testing.T) {
			var sent atomic.Int64
			client := mockClient(t, func(req *http.Request) (*http.Response, error) {
				sent.Add(1)
				if status == 0 {
					return nil, io.ErrUnexpectedEOF
				}
				return respond(status, "")(req)
			})
			for range 10_000 {
				_, err := client.ShowPassphrase(t.Context(), taskID)
				require.Error(t, err)
			}
			t.Logf("10,000 calls made %d requests", sent.Load())
			assert.LessOrEqual(t, sent.Load(), int64(10_100))
		})
	}
}

var mixRuns = flag.Int("mixruns", 2000, "calls of a service that sends another pair at every attempt")

// The service may make the material anew at each GET. Whatever fails in between,
// an answer comes from one attempt.
func TestNoAnswerIsMixedFromTwoAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		draw := rand.New(rand.NewPCG(1, 2))
		serial := 0
		client := mockClient(t, func(req *http.Request) (*http.Response, error) {
			serial++
			pair := func(field string) string { return fmt.Sprintf("%q:%q", field, fmt.Sprintf("%s of %d", field, serial)) }
			body := "{" + strings.Join([]string{
				pair("cert"), pair("private_key"), pair("ca"), pair("target_mgmt_cert"), pair("target_mgmt_private_key"),
				pair("target_data_cert"), pair("target_data_private_key"),
			}, ",") + "}"
			resp := answer(req, http.StatusOK, body)
			switch draw.IntN(6) {
			case 0:
				resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:draw.IntN(len(body))]), broken{}))
			case 1:
				return answer(req, http.StatusServiceUnavailable, body), nil
			case 2:
				return nil, io.ErrUnexpectedEOF
			}
			return resp, nil
		})
		right := 0
		for range *mixRuns {
			got, err := client.ShowCertKey(t.Context(), taskID)
			if err != nil {
				require.Nil(t, got)
				continue
			}
			right++
			_, number, _ := strings.Cut(got.Cert, " of ")
			for field, value := range map[string]string{
				"private_key": got.PrivateKey.Reveal(), "ca": got.CA, "target_mgmt_cert": got.TargetMgmtCert,
				"target_mgmt_private_key": got.TargetMgmtPrivateKey.Reveal(), "target_data_cert": got.TargetDataCert,
				"target_data_private_key": got.TargetDataPrivateKey.Reveal(),
			} {
				require.Equal(t, field+" of "+number, value)
			}
		}
		t.Logf("%d of %d calls were answered, none mixed", right, *mixRuns)
		assert.NotZero(t, right)
	})
}

// broken is a body that breaks.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

var soakCalls = flag.Int("soakcalls", 3000, "calls of the soak")

// TestSoak is not parallel: memory, goroutines and descriptors must be flat.
func TestSoak(t *testing.T) { //nolint:paralleltest // see above
	srv := smstest.NewServer(smstest.WithHTTP1(), smstest.WithMaterial(smstest.Material{Key: smstest.P256}))
	defer srv.Close()
	material, pass := srv.AddTask(taskID)
	client, err := srv.Client(sms.WithRetry(sms.RetryPolicy{BaseDelay: 1, MaxDelay: 1}))
	require.NoError(t, err)
	cutBody := func(s string) string { return s[:len(s)-5] }
	srv.FailAtRandom("", 1, 0.3,
		smstest.Status(503, ""), smstest.Status(429, ""), smstest.Reset(cutBody), smstest.Wire(cutBody), smstest.Wire(nothing),
		smstest.Status(200, "{}"), smstest.Status(403, "{}"), smstest.Redirect(302, "https://other.example/"),
	)
	var failed, wrong atomic.Int64
	run := func(calls int) {
		queue := make(chan int, calls)
		for n := range calls {
			queue <- n
		}
		close(queue)
		done := make(chan bool)
		for range 50 {
			go func() {
				defer func() { done <- true }()
				for n := range queue {
					var err error
					var same bool
					if n%2 == 0 {
						var got *sms.CertKey
						got, err = client.ShowCertKey(t.Context(), taskID)
						same = err != nil || got.Equal(material)
					} else {
						var got *sms.Passphrase
						got, err = client.ShowPassphrase(t.Context(), taskID)
						same = err != nil || got.Equal(pass)
					}
					if err != nil {
						failed.Add(1)
					}
					if !same {
						wrong.Add(1)
					}
				}
			}()
		}
		for range 50 {
			<-done
		}
		srv.ForgetRequests()
	}
	measure := func() (heap uint64, goroutines, files int) {
		var stats runtime.MemStats
		srv.HTTPClient().CloseIdleConnections()
		assert.Eventually(t, func() bool { return openFiles() < 30 }, 20*time.Second, 10*time.Millisecond)
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc, runtime.NumGoroutine(), openFiles()
	}
	run(*soakCalls / 3)
	heap, goroutines, descriptors := measure()
	run(*soakCalls * 2 / 3)
	heapAfter, goroutinesAfter, descriptorsAfter := measure()
	t.Logf("%d calls, %d failed: heap %d kB, then %d kB; goroutines %d, then %d; descriptors %d, then %d", *soakCalls, failed.Load(),
		heap>>10, heapAfter>>10, goroutines, goroutinesAfter, descriptors, descriptorsAfter)
	assert.Zero(t, wrong.Load())
	assert.Less(t, heapAfter, heap+(2<<20))
	assert.Less(t, goroutinesAfter, goroutines+5)
	assert.Less(t, descriptorsAfter, descriptors+5)
}

// A thousand goroutines on one client, with faults, and each gets its own answer.
func TestAThousandCallersWithFaults(t *testing.T) {
	t.Parallel()
	srv := smstest.NewServer(smstest.WithMaterial(smstest.Material{Key: smstest.P256}))
	t.Cleanup(srv.Close)
	passes := map[string]*sms.Passphrase{}
	for n := range 20 {
		id := fmt.Sprint("task-", n)
		_, passes[id] = srv.AddTask(id)
	}
	srv.FailAtRandom(smstest.ShowPassphrase, 7, 0.1, smstest.Status(503, ""), smstest.Abort(5), smstest.Status(200, "{}"), smstest.Drip(8, time.Millisecond))
	client, err := srv.Client(sms.WithRetry(sms.RetryPolicy{BaseDelay: 1, MaxDelay: 1}))
	require.NoError(t, err)
	done := make(chan string)
	for n := range 1000 {
		id := fmt.Sprint("task-", n%20)
		go func() {
			got, err := client.ShowPassphrase(t.Context(), id)
			if err == nil && !got.Equal(passes[id]) {
				done <- "an answer for another caller"
			}
			done <- ""
		}()
	}
	for range 1000 {
		assert.Empty(t, <-done)
	}
}

// No task id can change the request line beyond its own segment of the path.
func FuzzTaskID(f *testing.F) {
	for _, id := range []string{taskID, "..", "a/b", "a%2fb", "a?b=c", "a#b", "a\r\nX-Evil: 1", "ü", strings.Repeat("a", 256)} {
		f.Add(id, "agent/1.0", "token")
	}
	f.Fuzz(func(t *testing.T, id, agent, token string) {
		var sent bytes.Buffer
		transport := roundTripper(func(req *http.Request) (*http.Response, error) {
			if err := req.Write(&sent); err != nil {
				t.Fatalf("a request that cannot be written: %v", err)
			}
			return answer(req, http.StatusOK, `{"passphrase":""}`), nil
		})
		client, err := sms.NewClient("https://sms.test/base", sms.StaticToken(token),
			sms.WithHTTPClient(&http.Client{Transport: transport}), sms.WithUserAgent(agent))
		if err != nil {
			return
		}
		_, err = client.ShowPassphrase(t.Context(), id)
		if sent.Len() == 0 {
			if err == nil {
				t.Fatal("nothing was sent, and no error")
			}
			return
		}
		lines := strings.Split(sent.String(), "\r\n")
		if lines[0] != "GET /base/v3/tasks/"+id+"/passphrase HTTP/1.1" {
			t.Fatalf("request line %q", lines[0])
		}
		names := []string{"Host: sms.test", "User-Agent: " + agent + " ", "Accept: ", "Accept-Encoding: ", "Content-Type: ", "X-Auth-Token: " + token, "", ""}
		if len(lines)-1 != len(names) {
			t.Fatalf("%d lines: %q", len(lines), lines)
		}
		for i, name := range names {
			if !strings.HasPrefix(lines[i+1], name) {
				t.Fatalf("line %q, want %q", lines[i+1], name)
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, hint := range []string{"", "1", "-1", "1e9", "99999999999999999999", "Tue, 24 Nov 2026 00:06:36 GMT", " 5 ", "0x10"} {
		f.Add(hint, "Tue, 24 Nov 2026 00:06:36 GMT")
	}
	f.Fuzz(func(t *testing.T, hint, date string) {
		resp := &http.Response{Header: http.Header{"Retry-After": {hint}, "Date": {date}}}
		if got := sms.RetryAfter(resp.Header); got < 0 {
			t.Fatalf("a wait of %v", got)
		}
	})
}

// BenchmarkCancelledWait reports how long after its cancellation a call that waits
// for its next attempt returns, at the 99th percentile.
func BenchmarkCancelledWait(b *testing.B) {
	unavailable := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusServiceUnavailable, "")
		resp.Header.Set("Retry-After", "5")
		return resp, nil
	})
	var took []time.Duration
	for b.Loop() {
		client, err := sms.NewClient(mockEndpoint, sms.StaticToken(canaryToken), // with a retry budget of its own
			sms.WithHTTPClient(&http.Client{Transport: unavailable}))
		require.NoError(b, err)
		ctx, cancel := context.WithCancelCause(b.Context())
		var cancelled time.Time
		time.AfterFunc(2*time.Millisecond, func() {
			cancelled = time.Now()
			cancel(nil)
		})
		_, err = client.ShowPassphrase(ctx, taskID)
		if !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		took = append(took, time.Since(cancelled))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
