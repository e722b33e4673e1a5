import GatewaySettings
import Testing

@testable import GatewayFormatting

/// Large and deep documents. The sizes would take long if the work grew with the square of the size.
struct LimitTests {
    private static let count = 10_000

    private static let documents: [String] = [
        "a = [" + String(repeating: "1,", count: count) + "]",
        "a = [1" + String(repeating: "\n#c", count: count) + "\n]",
        "a = \"" + String(repeating: "\\n", count: count) + "\"",
        String(repeating: "#\n", count: count) + "[a]\n" + String(repeating: "#\n", count: count) + "[b]",
        String(repeating: "\n", count: count),
        "a = [{ b = [" + String(repeating: "1,\n", count: count) + "] }] # c",
        "a = " + String(repeating: "[", count: 98) + "1" + String(repeating: "]", count: 98),
    ]

    @Test(arguments: documents.indices) func `large documents are formatted`(index: Int) throws {
        let formatted = try TOMLFormatter.formatted(Self.documents[index], file: "")
        #expect(try TOMLFormatter.formatted(formatted, file: "") == formatted)
    }

    @Test func `a document that is nested too deeply is rejected`() {
        let text = "a = " + String(repeating: "[", count: 100_000)
        let error = #expect(throws: ConfigurationErrors.self) { try TOMLFormatter.formatted(text, file: "x") }
        #expect(error?.errors.first?.message.contains("100 levels") == true)
    }

    /// Indentation multiplies the size of deep arrays.
    @Test func `a result over the limit is not written`() {
        var writer = TOMLLayoutWriter(limit: 100)
        var reader = TOMLLayoutReader("a = [[[[[[[[[[\n1]]]]]]]]]]")
        #expect(writer.text(of: reader.document()) == nil)
    }
}
