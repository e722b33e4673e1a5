import Testing

@testable import Gateway
@testable import GatewaySettings

struct RedisURLTests {
    @Test func `one host has defaults`() throws {
        let url = try RedisURL.parse("redis://localhost")
        #expect(url.hosts == [RedisURL.Host("localhost", port: 6379)])
        #expect(url.database == 0)
        #expect(!url.isSecure)
        #expect(url.password.isEmpty)
        #expect(try RedisURL.parse("redis://127.0.0.1:6379/0") == .standard)
    }

    @Test func `several hosts, credentials and a database`() throws {
        let url = try RedisURL.parse("rediss://u%3A:p@s:s%2F@a.example,[::1]:7000/12")
        #expect(url.isSecure)
        #expect(url.user == "u:")
        #expect(url.password == "p@s:s/")
        #expect(url.hosts == [RedisURL.Host("a.example"), RedisURL.Host("::1", port: 7000)])
        #expect(url.database == 12)
        #expect(try RedisURL.parse(url.description) == url)
    }

    @Test(
        arguments: [
            "", "localhost:6379", "http://a", "redis://", "redis://a:0", "redis://a:99999", "redis://a,,b",
            "redis://a/x", "redis://a/99999", "redis://a?db=1", "redis://user@a", "redis://a b", "redis:///0",
        ]
    )
    func `other texts are refused`(text: String) { #expect(throws: SettingError.self) { try RedisURL.parse(text) } }

    @Test func `a configuration never shows the password`() throws {
        let text = """
            [redis]
            url = "redis://u:geheim@127.0.0.1"
            """
        let configuration = try GatewayConfiguration(toml: text, environment: [:])
        #expect(configuration.redis?.url.password == "geheim")
        #expect(!"\(configuration.redacted())".contains("geheim"))
        #expect(configuration.document.root.map { !"\($0.redacted(at: SettingPath()))".contains("geheim") } ?? false)
    }
}
