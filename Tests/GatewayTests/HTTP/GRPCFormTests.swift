import GatewayHTTP
import Testing

@Suite struct GRPCFormTests {
    @Test(
        arguments: [
            ("application/grpc", .native), ("application/grpc+proto", .native),
            ("application/grpc;charset=utf-8", .native),
            ("application/grpc ; a=b", .native), ("Application/gRPC+JSON", .native), ("application/grpc-web", .web),
            ("application/grpc-web+proto", .web), ("application/GRPC-Web-Text", .web), ("application/grpcx", .none),
            ("application/grpc-we", .none), ("application/grp", .none), ("application/grpc/x", .none), ("", .none),
            ("text/plain; a=application/grpc", .none),
        ] as [(String, GRPCForm)]
    ) func `the media type tells how a request uses gRPC`(type: String, form: GRPCForm) {
        #expect(Array(type.utf8).withUnsafeBytes { GRPCForm(contentType: $0) } == form)
    }
}
