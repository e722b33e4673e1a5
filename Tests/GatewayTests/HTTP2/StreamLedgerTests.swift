import Testing

@testable import GatewayHTTP2

@Suite struct StreamLedgerTests {
    /// The error of HEADERS on a stream; nil if there is none.
    private static func error(_ ledger: inout StreamLedger, headersOn id: UInt32) -> HTTP2ErrorCode? {
        do {
            _ = try ledger.headers(on: id)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `streams have odd and growing numbers`() throws {
        var ledger = StreamLedger()
        let errors = [5, 6, 3].map { Self.error(&ledger, headersOn: $0) }
        #expect(errors == [nil, .protocolError, .protocolError])
        #expect(ledger.last == 5)
    }

    @Test func `tells a stream that the client has ended from one that it does not know to be reset`() throws {
        var ledger = StreamLedger()
        _ = try ledger.headers(on: 1)
        _ = try ledger.headers(on: 3)
        ledger.ended(1, .byClient)
        ledger.ended(3, .byServer)
        #expect(try ledger.frame(on: 1) == .closed)
        #expect(try ledger.frame(on: 3) == .ignore)
        let ignored = try ledger.headers(on: 3)
        #expect(ignored == .ignore)
        let error = Self.error(&ledger, headersOn: 1)
        #expect(error == .streamClosed)
        #expect(throws: HTTP2ConnectionError.self) { try ledger.frame(on: 5) }
    }

    @Test func `remembers the latest streams alone`() throws {
        var ledger = StreamLedger()
        _ = try ledger.headers(on: 2_001)
        for id in stride(from: UInt32(1), to: 2_001, by: 2) { ledger.ended(id, .byClient) }
        #expect(try ledger.frame(on: 1_999) == .closed)
        #expect(try ledger.frame(on: 1) == .ignore)
    }
}
