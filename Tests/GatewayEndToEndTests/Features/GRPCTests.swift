import GatewayHTTP2
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// gRPC calls over HTTP/2 on both sides, frame by frame.
    @Suite struct GRPCTests {
        /// Runs a gateway in front of a scripted HTTP/2 upstream, and a client that sends single frames.
        private func withCall(
            route: String = "",
            _ script: @escaping @Sendable (HTTP2Frames) async throws -> Void,
            then body: (FrameClient, RunningGateway) async throws -> Void
        ) async throws {
            let accept: ScriptedUpstream.Script = { session in
                let frames = HTTP2Frames(session.connection)
                try await frames.start()
                try await script(frames)
            }
            try await withUpstream(accept) { upstream in
                let toml = proxy(to: "h2c://127.0.0.1:\(upstream.port)", route: route)
                try await withGateway(toml, admin: .address(.host("127.0.0.1", port: 0))) { gateway in
                    let client = try await FrameClient.connect(to: gateway)
                    defer { client.close() }
                    try await body(client, gateway)
                }
            }
        }

        private static func call(_ more: (String, String)...) -> [(String, String)] {
            FrameClient.request("POST", "/a.B/C")
                + [("te", "trailers"), ("content-type", "application/grpc+proto")] + more
        }

        private static func begin(_ client: FrameClient, _ more: (String, String)...) async throws {
            try await client.send(client.headers(Self.call() + more, endsStream: false))
        }

        /// The frames of the stream until its end.
        private static func frames(_ client: FrameClient) async throws -> [FrameClient.Frame] {
            var frames: [FrameClient.Frame] = []
            while let frame = try await client.next() {
                guard frame.stream == 1, frame.type != FrameClient.windowUpdate else { continue }
                frames.append(frame)
                if frame.endsStream || frame.type == FrameClient.reset { break }
            }
            return frames
        }

        @Test func `metadata and trailers pass as they are`() async throws {
            try await self.withCall { frames in
                let head = try await frames.head()
                #expect(head["te"] == "trailers" && head["content-type"] == "application/grpc+proto")
                #expect(head["x-key-bin"] == "AAH/" && head["transfer-encoding"] == nil)
                #expect(try await frames.body().text == "question")
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 200", "content-type: application/grpc+proto"]),
                    HTTP2Frames.data(head.stream, "answer"),
                    HTTP2Frames.headers(
                        head.stream,
                        ["grpc-status: 5", "grpc-message: a%20%C3%BC", "x-last-bin: //8", "x-other: 1"],
                        end: true
                    )
                )
                _ = try await frames.head()
            } then: { client, gateway in
                try await Self.begin(client, ("x-key-bin", "AAH/"))
                try await client.send(FrameClient.frame(FrameClient.data, 1, on: 1, payload: Array("question".utf8)))
                let answer = try await client.answer()
                #expect(answer.status == 200 && answer.body == "answer")
                #expect(
                    answer.trailers == ["grpc-status: 5", "grpc-message: a%20%C3%BC", "x-last-bin: //8", "x-other: 1"]
                )
                try await eventuallyAsync("it is counted") {
                    let metrics = (try? await gateway.admin("GET /metrics").text) ?? ""
                    return metrics.contains("gateway_grpc_requests_total{route=\"all\",grpc_status=\"5\"} 1\n")
                }
            }
        }

        @Test func `a response of trailers alone stays one frame`() async throws {
            try await self.withCall { frames in
                let head = try await frames.head()
                let lines = [":status: 200", "content-type: application/grpc", "grpc-status: 12"]
                try await frames.send(HTTP2Frames.headers(head.stream, lines, end: true))
                _ = try await frames.head()
            } then: { client, _ in
                try await client.send(client.headers(Self.call()))
                let frames = try await Self.frames(client)
                #expect(frames.map(\.type) == [FrameClient.headers])
                #expect(frames.last?.fields.contains("grpc-status: 12") == true)
            }
        }

        @Test func `an error of the gateway is one frame without a length`() async throws {
            try await self.withCall(route: "ip.deny = [\"127.0.0.0/8\"]") { _ in
            } then: { client, _ in
                try await Self.begin(client)
                let frames = try await Self.frames(client)
                #expect(frames.first?.type == FrameClient.headers && frames.first?.endsStream == true)
                let fields = frames.first?.fields ?? []
                #expect(fields.contains(":status: 200") && fields.contains("grpc-status: 7"))
                #expect(fields.contains("content-type: application/grpc+proto"))
                #expect(!fields.contains { $0.hasPrefix("content-length") })
            }
        }

        @Test func `a stream that breaks off ends with a status in its trailers`() async throws {
            try await self.withCall { frames in
                let head = try await frames.head()
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 200", "content-type: application/grpc"]),
                    HTTP2Frames.data(head.stream, "first")
                )
                _ = try await frames.body()
                try await frames.send(HTTP2Frames.reset(head.stream, .internalError))
                _ = try await frames.head()
            } then: { client, gateway in
                try await Self.begin(client)
                while let frame = try await client.next(), frame.type != FrameClient.data {}
                try await client.send(FrameClient.frame(FrameClient.data, 1, on: 1))
                let frames = try await Self.frames(client)
                #expect(frames.last?.type == FrameClient.headers && frames.last?.endsStream == true)
                #expect(frames.last?.fields.first == "grpc-status: 14")
                try await eventuallyAsync("it is counted") {
                    let metrics = (try? await gateway.admin("GET /metrics").text) ?? ""
                    return metrics.contains("gateway_grpc_requests_total{route=\"all\",grpc_status=\"14\"} 1\n")
                }
            }
        }

        @Test func `a deadline passes upstream, and ends a stream with a status`() async throws {
            try await self.withCall { frames in
                let head = try await frames.head()
                let left = try #require(head["grpc-timeout"])
                #expect(left.hasSuffix("u") && (1...200_000).contains(Int(left.dropLast()) ?? 0))
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 200", "content-type: application/grpc"]),
                    HTTP2Frames.data(head.stream, "first")
                )
                while try await frames.next().type != .reset {}
            } then: { client, _ in
                try await Self.begin(client, ("grpc-timeout", "200m"))
                let frames = try await Self.frames(client)
                // In the head, if the machine is too slow for the first message.
                #expect(frames.last?.fields.contains("grpc-status: 4") == true)
                #expect(frames.last?.endsStream == true)
            }
        }

        @Test func `gRPC-Web over HTTP 1 gets errors in the head`() async throws {
            try await withGateway("[[routes]]\npath = \"/only\"\nrespond = {}") { gateway in
                let response = try await gateway.exchange(
                    "POST /a.B/C HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web-text\r\nContent-Length: 0\r\n\r\n"
                )
                #expect(response.status == 200 && response.text.isEmpty && response["Content-Length"] == "0")
                #expect(response["grpc-status"] == "12" && response["Content-Type"] == "application/grpc-web-text")
            }
        }

        @Test func `a target is polled with the health service`() async throws {
            // SERVING, or NOT_SERVING.
            let status = AnswerSwitch("\u{1}")
            let accept: ScriptedUpstream.Script = { session in
                let frames = HTTP2Frames(session.connection)
                try await frames.start()
                let head = try await frames.head()
                #expect(head[":path"] == "/grpc.health.v1.Health/Check" && head["te"] == "trailers")
                #expect(try await frames.body().text.hasSuffix("\u{0A}\u{03}a.B"))
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 200", "content-type: application/grpc"]),
                    HTTP2Frames.data(head.stream, "\0\0\0\0\u{2}\u{8}\(status.answer)"),
                    HTTP2Frames.headers(head.stream, ["grpc-status: 0"], end: true)
                )
                _ = try await session.connection.rest()
            }
            try await withUpstream(accept) { upstream in
                let health = """
                    [upstreams.api.health]
                    type = "grpc"
                    service = "a.B"
                    interval = "20ms"
                    healthy_after = 1
                    unhealthy_after = 1
                    """
                let toml = proxy(to: "h2c://127.0.0.1:\(upstream.port)", upstream: health)
                try await withGateway(toml) { gateway in
                    @Sendable func condition() -> UpstreamTarget.Condition? {
                        gateway.server.runtime?.upstreams.targets["api"]?.first?.condition
                    }
                    try await eventually("it is up") { condition()?.state == .up }
                    status.answer = "\u{2}"
                    try await eventually("it is down") { condition()?.reason == "grpc" }
                    status.answer = "\u{1}"
                    try await eventually("it is up again") { condition()?.state == .up }
                }
            }
        }
    }
}
