package prom

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// A scrape that was under way when the waiting began holds figures of before, so it
// is not the last one, even if its answer is.
func TestAwaitScrapeUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		gathered, answer := make(chan struct{}), make(chan struct{})
		h := s.watched(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(gathered)
			<-answer
		}))
		go h.ServeHTTP(httptest.NewRecorder(), nil)
		<-gathered
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- s.AwaitScrape(ctx) }()
		synctest.Wait()
		close(answer)
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("a scrape of before was taken for the last: %v", err)
		default:
		}
		s.watched(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
