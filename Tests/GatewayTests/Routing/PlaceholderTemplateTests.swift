import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings
@testable import GatewayTLS

struct PlaceholderTemplateTests {
    @Test(
        arguments: [
            ("", ""), ("/plain", "/plain"), ("https://{host}{uri}", "https://a.example/b?q=1"),
            ("{path}|{query}", "/b|q=1"), ("{scheme}:{route}:{client_ip}", "https:users:unknown"), ("{request_id}", ""),
            // Other text in braces is kept.
            ("{", "{"), ("}", "}"), ("{}", "{}"), ("a{ host }b", "a{ host }b"), ("{host:1}", "{host:1}"),
            ("{host, {scheme}", "{host, https"), ("}{path}}", "}/b}"),
            ("{\"report_to\":\"{host}\"}", "{\"report_to\":\"a.example\"}"),
            ("{\"a\":[{\"b\":{\"c\":1}}]}", "{\"a\":[{\"b\":{\"c\":1}}]}"), ("{\"a\":{host}}", "{\"a\":a.example}"),
            // Doubled braces escape single ones.
            ("{{host}}", "{host}"), ("{{", "{"), ("}}", "}"), ("{{{{}}}}", "{{}}"), ("{{{host}}}", "{a.example}"),
            ("{{nothing}}", "{nothing}"), ("{{\"a\":{\"b\":1}}}", "{\"a\":{\"b\":1}}"),
            ("{{\"a\":{{\"b\":1}}}}", "{\"a\":{\"b\":1}}"), ("a}}{{b", "a}{b"),
        ] as [(String, String)]
    )
    func `placeholders are replaced by values of the request`(template: String, text: String) async throws {
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

    @Test func `the subject of a client's certificate is its text, or nothing`() async throws {
        let session = try TLSSession.fixture()
        let written = try await WorkerFixture.run { worker in
            try [session, nil].map { session in
                let client = RecordingClient()
                client.tls = session
                let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", client: client)
                var buffer = ByteBuffer()
                try PlaceholderTemplate("<{client_cert.subject}>").write(of: exchange, into: &buffer)
                return String(buffer: buffer)
            }
        }
        #expect(written == ["<CN=ann,O=Acme>", "<>"])
    }

    @Test(arguments: [("/b", "/b|"), ("/b?", "/b?|"), ("/b??", "/b??|?"), ("/b?q", "/b?q|q"), ("/?", "/?|")])
    func `an empty query is kept`(target: String, text: String) async throws {
        let written = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET \(target) HTTP/1.1", "Host: a.example")
            var buffer = ByteBuffer()
            try PlaceholderTemplate("{uri}|{query}").write(of: exchange, into: &buffer)
            return String(buffer: buffer)
        }
        #expect(written == text)
    }

    @Test(arguments: [
        ("{jwt.sub}", "ann", true), ("{jwt.a.b}", "3", true), ("{jwt.https://x.example/role}", "boss", true),
        ("{consumer} of {plan}", "ann of gold", true), ("<{jwt.none}>", "<>", false), ("{jwt.list}", "", false),
        ("{jwt.bad}", "", false), ("{host}", "a.example", true),
    ])
    func `what a credential says is written, unless it could end a field`(
        template: String,
        text: String,
        isComplete: Bool
    ) async throws {
        let written = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a.example")
            exchange.caller = Caller(
                worker.shared.consumers.consumer("ann"),
                kind: "jwt",
                plan: "gold",
                claims: [
                    "sub": "ann", "a": ["b": 3], "https://x.example/role": "boss", "list": ["x"], "bad": "a\r\nb",
                ]
            )
            var buffer = ByteBuffer()
            let isComplete = try PlaceholderTemplate(template).write(of: exchange, into: &buffer)
            return Written(text: String(buffer: buffer), isComplete: isComplete)
        }
        #expect(written == Written(text: text, isComplete: isComplete))
    }

    private struct Written: Equatable {
        let text: String
        let isComplete: Bool
    }

    @Test(arguments: [
        ("{hots}", "write {host}, or {{hots}} for the text"), ("{Host}", "write {host}, or {{Host}} for the text"),
        ("a{uri", "write {uri}, or {{uri for the text"),
        (
            "{\"a\":{nothing}}",
            "write one of {request_id}, {client_ip}, {scheme}, {host}, {path}, {query}, {uri}, {route}, "
                + "{client_cert.subject}, {consumer}, {plan}, {jwt.sub}, "
                + "or {{nothing}} for the text"
        ),
        ("{consumers}", "write {consumer}, or {{consumers}} for the text"),
    ])
    func `an unknown name is rejected with a suggestion`(template: String, suggestion: String) throws {
        let error = #expect(throws: PlaceholderTemplate.ParseError.self) { try PlaceholderTemplate(template) }
        #expect(error?.suggestion == suggestion)
    }
}
