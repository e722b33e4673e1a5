import GatewaySettings
import Testing

@Suite struct SentryDSNTests {
    @Test(arguments: [
        ("https://abc@sentry.example/1", "abc", "", "https://sentry.example:443/api/1/envelope/"),
        ("http://abc@127.0.0.1:9000/42", "abc", "", "http://127.0.0.1:9000/api/42/envelope/"),
        ("https://abc@sentry.example/a/b/7", "abc", "", "https://sentry.example:443/a/b/api/7/envelope/"),
        ("https://abc:def@sentry.example:8443/7", "abc", "def", "https://sentry.example:8443/api/7/envelope/"),
        ("HTTPS://abc@o1.ingest.sentry.io/7", "abc", "", "https://o1.ingest.sentry.io:443/api/7/envelope/"),
        ("https://abc@[::1]:9000/7", "abc", "", "https://[::1]:9000/api/7/envelope/"),
    ])
    func `the forms of a DSN`(_ text: String, key: String, secret: String, endpoint: String) throws {
        let dsn = try SentryDSN.parse(text)
        #expect(dsn.key == key)
        #expect(dsn.secret == secret)
        #expect("\(dsn.endpoint)" == endpoint)
        #expect(dsn.publicForm.contains("\(key)@"))
        #expect(!dsn.publicForm.contains("def"))
    }

    @Test(arguments: [
        "abc", "https://sentry.example/1", "https://@sentry.example/1", "https://abc@sentry.example",
        "https://abc@sentry.example/", "https://abc@/1", "ftp://abc@sentry.example/1", "https://a,b@sentry.example/1",
        "https://a b@sentry.example/1", "https://abc@sentry.example/1?x=y", "https://abc@sentry.example/1#x",
        "https://abc:@sentry.example/1", "https://abc@sentry.example:0/1", "https://abc@sentry.example/a?b/1",
        "https://abc@sentry example/1", "https://abc@sentry.example/\r\nX: y/1", "://abc@sentry.example/1",
    ])
    func `what is no DSN is rejected without quoting it`(_ text: String) {
        let error = #expect(throws: SettingError.self) { try SentryDSN.parse(text) }
        #expect(error?.problem.contains("abc") == false)
        #expect(error?.suggestion.contains("https://KEY@HOST/PROJECT") == true)
    }

    @Test func `the suggestion is a DSN`() throws { _ = try SentryDSN.parse("https://KEY@HOST/PROJECT") }
}
