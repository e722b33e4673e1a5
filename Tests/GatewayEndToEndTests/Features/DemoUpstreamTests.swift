import Gateway
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(10)))
struct DemoUpstreamTests {
    @Test(arguments: [
        ("/", 200), ("/json", 200), ("/bytes/0", 200), ("/bytes/100", 200), ("/slow/1", 200), ("/status/418", 418),
        ("/stream/0", 200), ("/stream/3", 200), ("/sse?n=1", 200), ("/ws", 426), ("/etag", 200),
        ("/flaky/0", 200), ("/flaky/100", 503), ("/nothing", 404), ("/bytes/many", 400),
    ])
    func `GET and HEAD have the same head`(_ path: String, _ status: Int) async throws {
        let (get, head) = try await InProcessGateway.demo.run { gateway in
            (try await gateway.answer("GET \(path)"), try await gateway.answer("HEAD \(path)"))
        }
        #expect(get.hasPrefix("HTTP/1.1 \(status) "))
        #expect(Self.head(of: get) == Self.head(of: head))
        #expect(head.hasSuffix("\r\n\r\n"))
    }

    /// The lines of the head that are the same for every request, without the tag, which is computed from the body.
    private static func head(of answer: String) -> [Substring] {
        let head = answer.split(separator: "\r\n\r\n", maxSplits: 1).first ?? ""
        return head.split(separator: "\r\n").filter { line in
            !["Date:", "X-Request-ID:", "Transfer-Encoding:", "ETag: W/\"gw-"].contains { line.hasPrefix($0) }
        }
    }

    @Test func `the response describes the request`() async throws {
        let answer = try await InProcessGateway.demo.run { gateway in
            try await gateway.answer("PUT /echo/x?a=1", "Content-Length: 5", body: "a\"b\\c")
        }
        let lines = ["\"method\": \"PUT\"", "\"path\": \"/echo/x\"", "\"query\": \"a=1\"", "\"body_size\": 5"]
        for line in lines { #expect(answer.contains(line)) }
        #expect(answer.contains(#""body": "a\"b\\c""#))
        #expect(answer.contains("\"Host\": \"a.example\""))
    }

    @Test func `events arrive one by one`() async throws {
        let answer = try await InProcessGateway.demo.run { gateway in
            try await gateway.connect { client in
                try await client.send("GET /sse HTTP/1.1\r\nHost: a\r\n\r\n")
                let head = try await client.head()
                return head + (try await client.text(through: "\n\n"))
            }
        }
        #expect(answer.contains("Content-Type: text/event-stream\r\n"))
        #expect(answer.hasSuffix("id: 1\ndata: event 1\n\n"))
    }

    @Test func `a large body is forwarded completely`() async throws {
        let size = 96 << 20
        let received = try await InProcessGateway.demo.run { gateway in
            try await gateway.connect { client in
                try await client.send("GET /bytes/\(size) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                _ = try await client.head()
                var received = 0
                while let bytes = try await client.some() { received += bytes.readableBytes }
                return received
            }
        }
        #expect(received == size)
    }
}
