import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct TraceStateTests {
    private static func isValid(_ lines: String...) -> Bool {
        var block = HeaderBlock()
        for line in lines { block.add(HeaderName(.tracestate), Array(line.utf8)) }
        return TraceState.isValid(block)
    }

    @Test(arguments: [
        "", " ", ",", "a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1 ,\tb=2, ,c=3", "0a@b-c_d*e/f=x y",
        "a=" + String(repeating: "v", count: 256), String(repeating: "k", count: 256) + "=1",
        "a=!\"#$%&'()*+-./:;<>?@~",
    ])
    func `a well-formed list is accepted (W3C Trace Context section 3.3)`(line: String) {
        #expect(Self.isValid(line))
    }

    @Test(arguments: [
        "a", "=1", "a=", "A=1", "a b=1", "_a=1", "@a=1", "a=1=2", "a=1,a=2", "a=1,b=2,a=3", "a=é", "a=1,b",
        "a=" + String(repeating: "v", count: 257), String(repeating: "k", count: 257) + "=1",
    ])
    func `any other value is rejected`(line: String) {
        #expect(!Self.isValid(line))
    }

    @Test func `all lines are one list of at most 32 members (W3C Trace Context section 3.3.1.1)`() {
        let members = (0..<33).map { "k\($0)=v" }
        #expect(Self.isValid(members.prefix(32).joined(separator: ",")))
        #expect(!Self.isValid(members.joined(separator: ",")))
        #expect(Self.isValid(members.prefix(20).joined(separator: ","), members[20..<32].joined(separator: ",")))
        #expect(!Self.isValid(members.prefix(20).joined(separator: ","), members[20..<33].joined(separator: ",")))
        #expect(!Self.isValid("a=1", "b=2,a=3"))
        #expect(!Self.isValid("a=1", "b"))
    }
}
