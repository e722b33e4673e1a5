import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct PreconditionsTests {
    private static let old = "Sat, 05 Nov 1994 08:49:37 GMT"
    private static let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let later = "Mon, 07 Nov 1994 08:49:37 GMT"

    private static func evaluate(
        _ request: [String],
        _ selected: [String] = ["ETag: \"a\"", "Last-Modified: \(same)", "Date: \(later)"],
        method: Method = .get
    ) -> Preconditions.Outcome {
        let given = Self.headers(request)
        let answer = Self.headers(selected)
        return Preconditions.evaluate(given, method, against: answer, now: 1_714_953_600)
    }

    private static func headers(_ lines: [String]) -> HeaderBlock {
        var block = HeaderBlock()
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            block.add(HeaderName(String(parts[0])), Array(parts[1].trimmingPrefix(" ").utf8))
        }
        return block
    }

    typealias Row = ([String], Preconditions.Outcome)

    @Test(
        arguments: [
            (["If-Match: \"a\""], .proceed), (["If-Match: \"b\""], .failed), (["If-Match: W/\"a\""], .failed),
            (["If-Match: \"b\", \"a\""], .proceed), (["If-Match: \"b\"", "If-Match: \"a\""], .proceed),
            (["If-Match: *"], .proceed), (["If-Match: *, \"b\""], .failed), (["If-Match: a"], .failed),
            (["If-Match:"], .failed),
        ] as [Row]
    )
    func `If-Match uses strong comparison (RFC 9110 section 13.1.1)`(row: Row) {
        #expect(Self.evaluate(row.0) == row.1)
        #expect(Self.evaluate(row.0, method: .head) == row.1)
    }

    @Test func `a weak tag never satisfies If-Match (RFC 9110 section 13.1.1)`() {
        #expect(Self.evaluate(["If-Match: W/\"a\""], ["ETag: W/\"a\""]) == .failed)
        #expect(Self.evaluate(["If-Match: \"a\""], ["ETag: W/\"a\""]) == .failed)
        #expect(Self.evaluate(["If-Match: *"], ["ETag: W/\"a\""]) == .proceed)
    }

    @Test(
        arguments: [
            (["If-None-Match: \"a\""], .notModified), (["If-None-Match: W/\"a\""], .notModified),
            (["If-None-Match: \"b\""], .proceed), (["If-None-Match: \"b\", W/\"a\""], .notModified),
            (["If-None-Match: \"b\"", "If-None-Match: \"a\""], .notModified), (["If-None-Match: *"], .notModified),
            (["If-None-Match: *, \"b\""], .proceed), (["If-None-Match: a"], .proceed), (["If-None-Match:"], .proceed),
            (["If-None-Match: \"a,b\""], .proceed),
        ] as [Row]
    )
    func `If-None-Match uses weak comparison (RFC 9110 section 13.1.2)`(row: Row) {
        #expect(Self.evaluate(row.0) == row.1)
        #expect(Self.evaluate(row.0, method: .head) == row.1)
    }

    @Test(
        arguments: [
            (["If-Modified-Since: \(same)"], .notModified), (["If-Modified-Since: \(later)"], .notModified),
            (["If-Modified-Since: \(old)"], .proceed), (["If-Modified-Since: yesterday"], .proceed),
            (["If-Modified-Since: \(same)", "If-Modified-Since: \(same)"], .proceed),
            (["If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"], .notModified),
        ] as [Row]
    )
    func `If-Modified-Since needs a single valid date (RFC 9110 section 13.1.3)`(row: Row) {
        #expect(Self.evaluate(row.0) == row.1)
        #expect(Self.evaluate(row.0, ["ETag: \"a\""]) == .proceed)
    }

    @Test(
        arguments: [
            (["If-Unmodified-Since: \(same)"], .proceed), (["If-Unmodified-Since: \(later)"], .proceed),
            (["If-Unmodified-Since: \(old)"], .failed), (["If-Unmodified-Since: tomorrow"], .proceed),
        ] as [Row]
    )
    func `If-Unmodified-Since needs a single valid date (RFC 9110 section 13.1.4)`(row: Row) {
        #expect(Self.evaluate(row.0) == row.1)
        #expect(Self.evaluate(row.0, ["ETag: \"a\""]) == .proceed)
    }

    @Test(
        arguments: [
            (["Range: bytes=0-1", "If-Range: \"a\""], .proceed),
            (["Range: bytes=0-1", "If-Range: \"b\""], .ignoreRange),
            (["Range: bytes=0-1", "If-Range: W/\"a\""], .ignoreRange), (["If-Range: \"b\""], .proceed),
            (["Range: bytes=0-1"], .proceed), (["Range: bytes=0-1", "If-Range: \(same)"], .proceed),
            (["Range: bytes=0-1", "If-Range: \(later)"], .ignoreRange),
            (["Range: bytes=0-1", "If-Range: \(old)"], .ignoreRange),
            (["Range: bytes=0-1", "If-Range: nonsense"], .ignoreRange),
        ] as [Row]
    )
    func `If-Range uses strong comparison and an exact date (RFC 9110 section 13.1.5)`(row: Row) {
        #expect(Self.evaluate(row.0) == row.1)
        #expect(Self.evaluate(row.0, method: .head) == .proceed)
    }

    @Test func `Last-Modified in the second of Date is a weak validator (RFC 9110 section 8.8.2.2)`() {
        let request = ["Range: bytes=0-1", "If-Range: \(Self.same)"]
        #expect(
            Self.evaluate(request, ["Last-Modified: \(Self.same)", "Date: \(Self.same)"]) == .ignoreRange
        )
    }

    @Test(
        arguments: [
            // 1 before 2
            (["If-Match: \"a\"", "If-Unmodified-Since: \(old)"], .proceed),
            (["If-Match: \"b\"", "If-Unmodified-Since: \(same)"], .failed),
            // 1 and 2 before 3
            (["If-Match: \"b\"", "If-None-Match: \"a\""], .failed),
            (["If-Match: \"a\"", "If-None-Match: \"a\""], .notModified),
            (["If-Unmodified-Since: \(old)", "If-None-Match: \"a\""], .failed),
            (["If-Unmodified-Since: \(same)", "If-None-Match: \"a\""], .notModified),
            // 3 instead of 4
            (["If-None-Match: \"b\"", "If-Modified-Since: \(later)"], .proceed),
            (["If-None-Match: \"a\"", "If-Modified-Since: \(old)"], .notModified),
            // 1 before 4
            (["If-Match: \"a\"", "If-Modified-Since: \(same)"], .notModified),
            // 3 and 4 before 5
            (["If-None-Match: \"a\"", "Range: bytes=0-1", "If-Range: \"b\""], .notModified),
            (["If-None-Match: \"b\"", "Range: bytes=0-1", "If-Range: \"b\""], .ignoreRange),
            (["If-Modified-Since: \(same)", "Range: bytes=0-1", "If-Range: \"a\""], .notModified),
        ] as [Row]
    )
    func `conditions are evaluated in order (RFC 9110 section 13.2.2)`(row: Row) {
        #expect(Self.evaluate(row.0) == row.1)
    }

    @Test(arguments: [Method.post, .put, .delete, .patch, .options, .other])
    func `conditions of other methods are not evaluated`(method: GatewayHTTP.Method) {
        let all = ["If-Match: \"b\"", "If-None-Match: \"a\"", "If-Unmodified-Since: \(Self.old)"]
        #expect(Self.evaluate(all, method: method) == .proceed)
    }

    @Test(arguments: [[], ["ETag: a"], ["ETag: \"a"], ["ETag:"], ["Last-Modified: now"]])
    func `without a validator a condition has no effect`(selected: [String]) {
        for condition in ["If-Match: \"b\"", "If-None-Match: \"a\"", "If-Modified-Since: \(Self.later)"] {
            #expect(Self.evaluate([condition], selected) == .proceed, "\(condition)")
        }
        // An asterisk matches any representation.
        #expect(Self.evaluate(["If-None-Match: *"], selected) == .notModified)
    }

    @Test func `random conditions have an outcome`() {
        var random = SeededRandom(seed: 5)
        let names = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"]
        let values = [
            "*", "\"a\"", "W/\"a\"", "\"b\"", Self.old, Self.same, Self.later, "", ",", "\"", "W/", "\"a\",*",
            "bytes=0-",
        ]
        for _ in 0..<3000 {
            let lines = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                "\(names.randomElement(using: &random) ?? ""): \(values.randomElement(using: &random) ?? "")"
            }
            let outcome = Self.evaluate(lines)
            if !lines.contains(where: { $0.hasPrefix("If-") }) { #expect(outcome == .proceed) }
            if outcome == .notModified {
                #expect(lines.contains { $0.hasPrefix("If-None-Match") || $0.hasPrefix("If-Modified-Since") })
            }
        }
    }
}
