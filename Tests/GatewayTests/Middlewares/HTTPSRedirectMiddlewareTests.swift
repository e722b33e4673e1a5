import NIOCore
import Testing

@testable import Gateway
@testable import GatewayMiddlewares

struct HTTPSRedirectMiddlewareTests {
    @Test(
        arguments: [
            ("a.example", "/b", "c=1", 443, "https://a.example/b?c=1"),
            ("a.example:80", "/", nil, 443, "https://a.example/"),
            ("a.example:8080", "/", nil, 8443, "https://a.example:8443/"),
            ("a.example:", "/", nil, 443, "https://a.example/"),
            ("[::1]", "/", nil, 443, "https://[::1]/"), ("[::1]:8080", "/", nil, 8443, "https://[::1]:8443/"),
            ("192.0.2.1:80", "/a%20b", "", 443, "https://192.0.2.1/a%20b?"), ("a", "", nil, 443, "https://a/"),
            ("a", "//b.example/", nil, 443, "https://a//b.example/"),
        ] as [(String, String, String?, Int, String)]
    )
    func `the URL is the same on https`(host: String, path: String, query: String?, port: Int, url: String) {
        var location = ByteBuffer()
        Array(host.utf8).withUnsafeBytes { host in
            Array(path.utf8).withUnsafeBytes { path in
                guard let query else {
                    return HTTPSRedirectMiddleware.write(host, path, nil, port: port, into: &location)
                }
                Array(query.utf8).withUnsafeBytes {
                    HTTPSRedirectMiddleware.write(host, path, $0, port: port, into: &location)
                }
            }
        }
        #expect(String(buffer: location) == url)
    }
}
