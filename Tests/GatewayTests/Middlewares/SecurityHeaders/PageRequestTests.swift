import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct PageRequestTests {
    @Test(arguments: [
        (["Sec-Fetch-Dest: document"], true), (["Sec-Fetch-Dest: iframe"], true), (["Sec-Fetch-Dest: frame"], true),
        (["sec-fetch-dest: embed"], true), (["Sec-Fetch-Dest: object"], true),
        (["Sec-Fetch-Dest: empty", "Accept: text/html"], false), (["Sec-Fetch-Dest: script"], false),
        (["Sec-Fetch-Dest: style"], false), (["Sec-Fetch-Dest: image"], false), (["Sec-Fetch-Dest:"], false),
        (["Sec-Fetch-Dest: serviceworker"], false), (["Sec-Fetch-Dest: document, script"], false),
        (["Sec-Fetch-Dest: document", "Accept: */*"], true),
        (["Accept: text/html"], true), (["Accept: application/json, TEXT/HTML;q=0.5"], true),
        (["Accept: */*", "Accept: text/html ; level=1"], true), (["Accept: */*"], false), (["Accept: text/*"], false),
        (["Accept: application/xhtml+xml"], false), (["Accept: text/html5"], false), ([], false),
    ])
    func `page requests are recognized by the browser's fields`(fields: [String], isForPage: Bool) async throws {
        let found = try await WorkerFixture.run { worker in
            let exchange = worker.makeExchange()
            var parser = RequestParser(limits: HTTP1Limits())
            let lines = ["GET / HTTP/1.1", "Host: a"] + fields
            var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
            guard try parser.parse(&bytes, into: &exchange.request) else { throw MessageError(.truncated, "head") }
            return PageRequest.isForPage(exchange.request.headers)
        }
        #expect(found == isForPage)
    }
}
