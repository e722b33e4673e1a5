import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

struct AcceptedTypesTests {
    private static func headers(_ lines: [String]) -> HeaderBlock {
        var block = HeaderBlock()
        for line in lines { block.add(HeaderName(.accept), Array(line.utf8)) }
        return block
    }

    @Test(arguments: [
        ([], 1000), (["text/html"], 1000), (["TEXT/HTML"], 1000), (["text/plain"], 0), (["*/*"], 1000),
        (["text/*;q=0.5"], 500), (["*/*;q=0.8, text/*;q=0.5, text/html;q=0.1"], 100), (["text/html;q=0, */*"], 0),
        (["text/html;level=1;q=0.3"], 300), (["text/html ; Q=0.25"], 250), (["text/html;q=1.000"], 1000),
        (["text/html;q=0.001"], 1), (["text/plain", "text/html;q=0.4"], 400),
        (["text/html;q=0.2, text/html;q=0.6"], 600),
        // Invalid weights (RFC 9110 section 12.4.2) and ranges.
        (["text/html;q=1.1"], 0), (["text/html;q=2"], 0), (["text/html;q=.5"], 0), (["text/html;q=0.1234"], 0),
        (["text/html;q="], 0), (["text/html;q=a"], 0), (["*/html"], 0), (["text"], 0), (["text/"], 0), (["/html"], 0),
        (["text/html/x"], 0), ([""], 0), (["text/html;q=0.x"], 0),
    ])
    func `the most specific range determines a type's weight (RFC 9110 section 12.5.1)`(lines: [String], quality: Int) {
        let headers = Self.headers(lines)
        #expect(AcceptedTypes.quality(of: "text", "html", in: headers) == quality)
    }

    @Test(
        arguments: [
            ([], .problem), (["*/*"], .problem), (["application/json"], .problem), (["image/png"], .problem),
            (["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], .html), (["text/plain"], .text),
            (["text/*"], .html), (["text/html;q=0.5, text/plain"], .text), (["text/html, application/json"], .problem),
            (["application/problem+json;q=0.4, text/html;q=0.5"], .html), (["text/html;q=0, */*"], .problem),
            (["application/problem+json;q=0, */*"], .html),
        ] as [([String], ErrorFormat.Form)]
    )
    func `errors have the preferred format`(lines: [String], form: ErrorFormat.Form) {
        let headers = Self.headers(lines)
        #expect(ErrorResponse.preferred(by: headers) == form)
    }
}
