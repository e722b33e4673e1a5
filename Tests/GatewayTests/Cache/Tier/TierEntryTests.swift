import Testing

@testable import GatewayCache

struct TierEntryTests {
    private static let subjects: [(Purge.Subject, String)] = [
        (.all, "all "), (.route("api"), "route api"), (.tag("a b"), "tag a b"), (.tag(""), "tag "),
        (.url("https://example.com/a?b=c d"), "url https://example.com/a?b=c d"),
        (.prefix("https://example.com/ä"), "prefix https://example.com/ä"),
    ]

    @Test(arguments: 0..<6) func `a purge is read as it was written`(index: Int) {
        let (subject, text) = Self.subjects[index]
        for isSoft in [true, false] {
            let entry = TierEntry(gateway: 0xC0FFEE, content: .purge(Purge(subject, isSoft: isSoft)))
            #expect(entry.text == "1 c0ffee \(isSoft ? "soft" : "hard") \(text)")
            #expect(TierEntry(entry.text) == entry)
        }
    }

    @Test func `the first entry of a stream purges nothing`() {
        let entry = TierEntry(gateway: 7, content: .beginning)
        #expect(TierEntry(entry.text) == entry && entry.purge == nil)
    }

    @Test(arguments: [
        "", "1", "1 a hard", "2 a hard tag x", "1 zz hard tag x", "1 a hard host x", "1 a medium tag x", "\0",
    ])
    func `what cannot be read purges everything`(text: String) {
        #expect(TierEntry(text).purge == Purge(.all, isSoft: false))
    }
}
