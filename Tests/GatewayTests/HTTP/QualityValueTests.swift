import Testing

@testable import Gateway
@testable import GatewayHTTP

struct QualityValueTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 1000), ("0.", 0), ("1.", 1000), ("0.5", 500), ("0.25", 250), ("0.125", 125),
            ("1.000", 1000),
            ("", nil), ("2", nil), ("1.001", nil), ("0.1234", nil), (".5", nil), ("0,5", nil), ("-0", nil),
            ("0.x", nil),
            ("01", nil), ("1e0", nil),
        ] as [(String, Int?)]
    )
    func `a weight has at most three decimals and is at most 1`(text: String, weight: Int?) {
        #expect(Array(text.utf8).withUnsafeBytes { QualityValue.parse($0) } == weight)
    }

    @Test func `an accepted range has a name, parameters and a weight`() {
        let ranges = AcceptedRange.list("Text/Plain; Version=\"0.0.4\" ; q=0.5, de-AT,, */*;q=2")
        #expect(ranges.map(\.name) == ["text/plain", "de-at", "*/*"])
        #expect(ranges.map(\.weight) == [500, 1000, 0])
        #expect(ranges.first?.parameters == ["version": "0.0.4"])
        #expect(AcceptedRange.list(nil).isEmpty)
    }
}
