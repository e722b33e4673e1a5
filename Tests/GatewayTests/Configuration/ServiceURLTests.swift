import Testing

@testable import GatewaySettings

@Suite struct ServiceURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:9000/auth", "http://127.0.0.1:9000", "/auth"),
        ("HTTPS://issuer.example", "https://issuer.example:443", "/"),
        ("http://[::1]:80?a=b", "http://[::1]:80", "/?a=b"),
        ("https://a.example:8443/x/?q=%20&at=a@b", "https://a.example:8443", "/x/?q=%20&at=a@b"),
    ])
    func `a URL has a server and a path`(text: String, target: String, path: String) throws {
        let url = try #require(ServiceURL(text))
        #expect(url.target == TargetURL(target))
        #expect(url.path == path)
        #expect(ServiceURL("\(url)") == url)
    }

    @Test(arguments: [
        "", "auth", "/auth", "ftp://a/", "http:/a", "http://", "http:///auth", "unix:/run/a.sock", "h2c://a/",
        "http://user:secret@a/", "http://a:0/", "http://a:99999/", "http://a/#b", "http://a/ b", "http://a/ä",
        "http://a/%zz", "http://a b/",
    ])
    func `anything else is rejected`(text: String) { #expect(ServiceURL(text) == nil) }
}
