import GatewaySettings
import Testing

@testable import GatewayFormatting

struct TOMLFormatterTests {
    private static let examples: [(input: String, output: String)] = [
        ("", ""),
        ("\n\n", ""),
        ("a=1", "a = 1\n"),
        ("  a . \"b c\" .'d'=1   ", "a.\"b c\".'d' = 1\n"),
        ("\u{FEFF}a=1", "a = 1\n"),
        ("a=1\r\nb='''\r\nx'''\r\n", "a = 1\r\nb = '''\r\nx'''\r\n"),
        ("\n\na=1\n\n\n\nb=2\n\n\n", "a = 1\n\nb = 2\n"),
        ("[ a . b ]\nx=1\n[[ c ]]\n[[c]]", "[a.b]\nx = 1\n\n[[c]]\n\n[[c]]\n"),
        ("# top\n[a]#x\ny=1\n# of b\n# too\n[b]", "# top\n[a] #x\ny = 1\n\n# of b\n# too\n[b]\n"),
        ("y=1\n# of y\n\n[b]", "y = 1\n# of y\n\n[b]\n"),
        ("a=[ 1,2 ,3, ]", "a = [1, 2, 3]\n"),
        ("a=[\n]\nb=[1,\n2]\nc={ }", "a = []\nb = [1, 2]\nc = {}\n"),
        ("a=[\n1,2]", "a = [\n    1,\n    2,\n]\n"),
        ("a={b=1,c.d=[1,2] }", "a = { b = 1, c.d = [1, 2] }\n"),
        ("a=[ # o\n1 # x\n# y\n,2\n\n\n# z\n\n]# e", "a = [ # o\n    1, # x\n    # y\n    2,\n\n    # z\n] # e\n"),
        ("a=[[1,\n2],[\n3]]", "a = [\n    [1, 2],\n    [\n        3,\n    ],\n]\n"),
        ("a={b=[ 1, # x\n2], c=3}", "a = { b = [\n    1, # x\n    2,\n], c = 3 }\n"),
        ("a=1979-05-27 07:32:00 # x", "a = 1979-05-27 07:32:00 # x\n"),
        ("a=1 \t # x \t", "a = 1 # x\n"),
        ("a=1      # x\nlonger=1 # y", "a = 1    # x\nlonger = 1 # y\n"),
        ("a = \"\"\"\n  x  \n\"\"\"   # c", "a = \"\"\"\n  x  \n\"\"\" # c\n"),
        ("a=[\"\"\"x\ny\"\"\"]", "a = [\n    \"\"\"x\ny\"\"\",\n]\n"),
        ("a=\"\"\"\"x\"\"\"\"\"\nb=\"\\\\\"#c\nd='\\'", "a = \"\"\"\"x\"\"\"\"\"\nb = \"\\\\\" #c\nd = '\\'\n"),
    ]

    @Test(arguments: examples) func `a document has one form`(_ example: (input: String, output: String)) throws {
        #expect(try TOMLFormatter.formatted(example.input, file: "x.toml") == example.output)
        #expect(try TOMLFormatter.formatted(example.output, file: "x.toml") == example.output)
    }

    @Test func `an array is broken where its line exceeds 100 columns`() throws {
        let values = Array(repeating: "1234567", count: 10).joined(separator: ", ")
        let fits = "a_key = [\(values)]\n"
        #expect(fits.count == 100 - 2 + 1)
        #expect(try TOMLFormatter.formatted(fits, file: "") == fits)
        let long = "a_longer = [\(values)]\n"
        let broken = "a_longer = [\n" + String(repeating: "    1234567,\n", count: 10) + "]\n"
        #expect(try TOMLFormatter.formatted(long, file: "") == broken)
        #expect(try TOMLFormatter.formatted(broken, file: "") == broken)
    }

    @Test func `a syntax error has its position`() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try TOMLFormatter.formatted("a = 1\nb = [1, 2\nc = 3", file: "x.toml")
        }
        #expect(error?.errors.map(\.place) == ["x.toml:2:5: "])
    }
}
