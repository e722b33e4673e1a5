import GatewaySettings
import Testing

@testable import GatewayFormatting

struct RandomDocumentTests {
    @Test func `formatting keeps the text of everything but white space and commas`() throws {
        for seed in UInt64(0)..<100 {
            let text = RandomDocument.text(seed: seed)
            let formatted = try TOMLFormatter.formatted(text, file: "\(seed)")
            let values = try TOMLDocument.read(text, file: "")
            #expect(try TOMLDocument.read(formatted, file: "").hasSameValue(as: values), "seed \(seed)")
            #expect(Self.letters(text) == Self.letters(formatted), "seed \(seed)")
        }
    }

    @Test func `formatting twice is formatting once`() throws {
        for seed in UInt64(100)..<200 {
            let formatted = try TOMLFormatter.formatted(RandomDocument.text(seed: seed), file: "\(seed)")
            #expect(try TOMLFormatter.formatted(formatted, file: "\(seed)") == formatted, "seed \(seed)")
        }
    }

    /// The style is a matter of structure: other white space between the same lines makes no difference.
    @Test func `no line begins or ends with a blank outside strings and arrays`() throws {
        for seed in UInt64(200)..<300 {
            let text = RandomDocument.text(seed: seed)
            guard !text.contains("\"\"\""), !text.contains("'''") else { continue }
            let formatted = try TOMLFormatter.formatted(text, file: "\(seed)")
            #expect(!formatted.contains("\n\n\n") && !formatted.hasPrefix("\n") && !formatted.hasSuffix("\n\n"))
            for line in formatted.split(whereSeparator: \.isNewline) {
                #expect(line.last != " " && line.last != "\t", "seed \(seed)")
                let indentation = line.prefix { $0 == " " }.count
                #expect(indentation % 4 == 0 && line.dropFirst(indentation).first != "\t", "seed \(seed)")
            }
        }
    }

    /// Broken and cut documents are rejected or formatted, and neither hangs nor stops the program.
    @Test func `no text stops the formatter`() {
        for seed in UInt64(0)..<60 {
            let text = RandomDocument.text(seed: seed)
            let cut = text.prefix(Int(seed) * 7 % (text.count + 1))
            for hostile in [String(cut), String(text.reversed()), cut + "]" + text, text.replacing("=", with: "[")] {
                _ = try? TOMLFormatter.formatted(hostile, file: "")
                var reader = TOMLLayoutReader(hostile)
                _ = reader.document()
            }
        }
    }

    /// Returns the bytes except white space, and commas, which an array may gain or lose.
    private static func letters(_ text: String) -> [UInt8] {
        text.utf8.filter { !" \t\r\n,".utf8.contains($0) }
    }
}
