// The benchmark's contract on grpc-go: a far reference, in another language. Its argument is the port.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"

	"tracemesh/bench/probe"
)

type server struct {
	probe.UnimplementedProbeServiceServer
}

// payload is new for each answer, as it is in the other servers.
func payload() *probe.Payload {
	return &probe.Payload{
		N:     1_700_000_000,
		Text:  "Ada Lovelace",
		Blob:  []byte("ada@example.com"),
		Short: "reader",
	}
}

func (server) Unary(context.Context, *probe.UnaryRequest) (*probe.UnaryResponse, error) {
	return &probe.UnaryResponse{Payload: payload()}, nil
}

func (server) ServerStream(request *probe.ServerStreamRequest, stream grpc.ServerStreamingServer[probe.ServerStreamResponse]) error {
	for range request.GetPayload().GetN() {
		if err := stream.Send(&probe.ServerStreamResponse{Payload: payload()}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer()
	probe.RegisterProbeServiceServer(s, server{})
	log.Fatal(s.Serve(listener))
}
