// A client on grpc-go that calls again and again until its input ends, and then prints as JSON how often it called and what failed.
//
//	client 127.0.0.1:1,127.0.0.1:2 /package.Service/Method=<request in hex> ...
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

const (
	pause   = 5 * time.Millisecond
	timeout = 10 * time.Second
)

type call struct {
	method  string
	request []byte
}

// Messages as they are on the wire: what is in them does not matter here.
type raw struct{}

func (raw) Name() string                  { return "proto" }
func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(addresses string, methods []string) error {
	calls := make([]call, len(methods))
	for i, text := range methods {
		method, request, _ := strings.Cut(text, "=")
		bytes, err := hex.DecodeString(request)
		if err != nil {
			return err
		}
		calls[i] = call{method, bytes}
	}
	builder := manual.NewBuilderWithScheme("list")
	var state resolver.State
	for _, address := range strings.Split(addresses, ",") {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: address})
	}
	builder.InitialState(state)
	connection, err := grpc.NewClient("list:///shop",
		grpc.WithResolvers(builder),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
	)
	if err != nil {
		return err
	}
	defer connection.Close()

	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	result := struct {
		Calls    int      `json:"calls"`
		Failures []string `json:"failures"`
	}{Failures: []string{}}
	for {
		select {
		case <-ended:
			return json.NewEncoder(os.Stdout).Encode(result)
		default:
		}
		next := calls[result.Calls%len(calls)]
		if err := invoke(connection, next); err != nil {
			result.Failures = append(result.Failures, next.method+": "+err.Error())
		}
		result.Calls++
		time.Sleep(pause)
	}
}

func invoke(connection *grpc.ClientConn, next call) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var answer []byte
	return connection.Invoke(ctx, next.method, &next.request, &answer)
}
