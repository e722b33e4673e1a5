import NIOCore
import Testing

@testable import Gateway

struct PlaceholderTemplateTests {
    @Test(arguments: [
        ("", ""), ("/plain", "/plain"), ("https://{host}{uri}", "https://a.example/b?q=1"),
        ("{path}|{query}", "/b|q=1"),
        ("{scheme}:{route}:{client_ip}", "https:users:unknown"), ("{request_id}", ""), ("}{path}}", "}/b}"),
    ])
    func `puts in what the request brought`(template: String, text: String) async throws {
        let written = try await WorkerFixture.run { worker in
            let client = RecordingClient()
            let exchange = try worker.exchange("GET /x/../b?q=1 HTTP/1.1", "Host: a.example", client: client)
            exchange.plan = worker.plan()
            var buffer = ByteBuffer()
            try PlaceholderTemplate(template).write(of: exchange, into: &buffer)
            return String(buffer: buffer)
        }
        #expect(written == text)
    }

    @Test(arguments: ["{", "a{host", "{}", "{Host}", "{host }", "{{host}}", "{rest}"])
    func `refuses what it does not know`(template: String) {
        #expect(throws: PlaceholderTemplate.ParseError.self) { try PlaceholderTemplate(template) }
    }
}
