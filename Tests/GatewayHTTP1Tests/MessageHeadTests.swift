import GatewayHTTP1
import Testing

@testable import GatewayHTTP

struct MessageHeadTests {
    private func method(_ name: String) -> GatewayHTTP.Method { Array(name.utf8).withUnsafeBytes { .init($0) } }

    @Test(arguments: GatewayHTTP.Method.allCases.filter { $0 != .other })
    func `RFC 9110 section 9.1: methods are known by their case-sensitive names`(method: GatewayHTTP.Method) {
        let name = method.name.description
        #expect(self.method(name) == method)
        #expect(self.method(name.lowercased()) == .other)
        #expect(self.method(name + "X") == .other)
        #expect(self.method(String(name.dropLast())) == .other)
        #expect(self.method(name.prefix(1) + String(repeating: "X", count: name.count - 1)) == .other)
    }

    @Test(arguments: ["", "X", "PROPFIND", "M-SEARCH"])
    func `an unknown method is other`(name: String) { #expect(self.method(name) == .other) }

    @Test func `RFC 9110 section 9.2.2: idempotent methods`() {
        #expect(
            GatewayHTTP.Method.allCases.filter(\.isIdempotent) == [.get, .head, .put, .delete, .options, .trace]
        )
    }
}
