import Testing

@testable import GatewayAccess

struct QueryParameterTests {
    private static func find(_ name: String, in query: String) -> String {
        let bytes = Array(query.utf8)
        return bytes.withUnsafeBytes { query in
            switch QueryParameter(name).find(in: query) {
            case .none: "none"
            case .repeated: "repeated"
            case .value(let range):
                QueryParameter.withDecoded(UnsafeRawBufferPointer(rebasing: query[range])) {
                    "=" + String(decoding: $0, as: UTF8.self)
                }
            }
        }
    }

    @Test(arguments: [
        ("", "none"), ("a=1", "none"), ("key=abc", "=abc"), ("a=1&key=abc&b", "=abc"), ("key", "="), ("key=", "="),
        ("key=a=b", "=a=b"), ("%6bey=abc", "=abc"), ("key=a%2Bb+c", "=a+b c"), ("key=a%2", "=a%2"), ("akey=1", "none"),
        ("keya=1", "none"), ("KEY=1", "none"), ("key=1&key=1", "repeated"), ("key&%6bey=2", "repeated"),
        ("&&key=1&", "=1"), ("=1", "none"), ("key%00=1", "none"), ("a;key=1", "none"),
    ])
    func `finds the parameter`(query: String, value: String) {
        #expect(Self.find("key", in: query) == value)
    }

    @Test(arguments: [
        ("key=1", ""), ("a=1&key=2", "a=1"), ("key=2&a=1", "a=1"), ("a=1&key=2&b=%20", "a=1&b=%20"), ("a", "a"),
        ("%6bey=2&a+b=1", "a+b=1"), ("key=1&key=2&a", "a"),
    ])
    func `removes the parameter and keeps all else as written`(query: String, rest: String) {
        let removed = Array(query.utf8).withUnsafeBytes { QueryParameter("key").removed(from: $0) }
        #expect(String(decoding: removed, as: UTF8.self) == rest)
    }
}
