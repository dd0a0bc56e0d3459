// An upload server on Go's net/http: HTTP/2 and HTTP/1.1 over TLS, which it stops gracefully on SIGTERM. It checks the
// digest of each upload and writes `upload attempt status` on standard output. Standard library only.
package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// SO_REUSEPORT of Linux, which package syscall does not name: a successor listens while this process still finishes.
const reusePort = 0xf

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	cert := flag.String("cert", "", "path of the certificate")
	key := flag.String("key", "", "path of the key")
	idle := flag.Duration("idle", time.Minute, "how long a connection may be unused")
	http2 := flag.Bool("http2", true, "whether to offer HTTP/2")
	broken := flag.Int("broken", 0, "of ten uploads, how many are broken off over HTTP/2")
	flag.Parse()

	listener, err := listen(*address)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Handler:     breaking(*broken, take),
		IdleTimeout: *idle,
		ErrorLog:    log.New(io.Discard, "", 0),
	}
	if !*http2 {
		// An empty map, and not nil, is how net/http is told to leave HTTP/2 out.
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		<-terminated
		patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(patience); err != nil {
			log.Fatal(err)
		}
	}()

	fmt.Println("listening")
	if err := server.ServeTLS(listener, *cert, *key); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-stopped
}

func listen(address string) (net.Listener, error) {
	config := net.ListenConfig{
		Control: func(_, _ string, connection syscall.RawConn) error {
			var failed error
			err := connection.Control(func(fd uintptr) {
				failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, reusePort, 1)
			})
			if err != nil {
				return err
			}
			return failed
		},
	}
	return config.Listen(context.Background(), "tcp", address)
}

func take(response http.ResponseWriter, request *http.Request) {
	status := http.StatusOK
	digest, err := digestOf(request)
	switch {
	case err != nil:
		status = http.StatusBadRequest
	case digest != request.Header.Get("x-file-sha256"):
		status = http.StatusUnprocessableEntity
	}
	fmt.Printf("%s %s %d %s\n", request.Header.Get("x-upload-id"), request.Header.Get("x-attempt"), status, request.Proto)
	response.Header().Set("content-type", "application/json")
	response.WriteHeader(status)
	fmt.Fprintf(response, "{\"status\":%d}", status)
}

// A handler that panics, as one with a fault that shows over HTTP/2 only: net/http resets the stream with INTERNAL_ERROR.
func breaking(ofTen int, next http.HandlerFunc) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		upload := request.Header.Get("x-upload-id")
		if request.ProtoMajor == 2 && upload != "" && int(upload[len(upload)-1]-'0') < ofTen {
			panic(http.ErrAbortHandler)
		}
		next(response, request)
	}
}

// Reads the whole form and gives the digest of its one file.
func digestOf(request *http.Request) (string, error) {
	form, err := request.MultipartReader()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return hex.EncodeToString(hash.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
		if _, err := io.Copy(hash, part); err != nil {
			return "", err
		}
	}
}
