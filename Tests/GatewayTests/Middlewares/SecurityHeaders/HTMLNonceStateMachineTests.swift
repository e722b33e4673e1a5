import NIOCore
import Testing

@testable import Gateway
@testable import GatewayMiddlewares

struct HTMLNonceStateMachineTests {
    /// The rewritten pieces, with `§` instead of ` nonce="…"`.
    private static func rewrite(_ pieces: [[UInt8]]) -> String {
        var generator = SeededRandom(seed: 1)
        let nonce = Nonce(using: &generator)
        var machine = HTMLNonceStateMachine(nonce)
        var output = ByteBuffer()
        for piece in pieces { piece.withUnsafeBytes { machine.write($0, to: &output) } }
        machine.end(to: &output)
        let text = String(decoding: nonce.bytes, as: UTF8.self)
        return String(buffer: output).replacing(" nonce=\"\(text)\"", with: "§")
    }

    private static func rewrite(_ html: String) -> String { self.rewrite([Array(html.utf8)]) }

    /// Pages with `§` where a nonce must be inserted.
    static let pages =
        [
            "", "<", "a<b", "<script", "<script§>", "</script>", "plain text",
            "<script§>a</script>", "<style§>a</style>", "<SCRIPT§ src=x></SCRIPT>", "<StYlE§\n>a{}</sTyLe\t><script§/>",
            "<p>a<script§ type=module>1<2</script><script§ async></script>",
            "<scripts>", "<script-x>", "<xscript>", "< script>", "<stylesheet>",
            // Comments.
            "<!-- <script> --><script§></script>", "<!--><script§></script>", "<!---><script§></script>",
            "<!--!><script></script>--><style§></style>", "<!-- a --!><script§></script>",
            "<!-- - -- --- <script>---><script§></script>", "<!-- <script> --", "<!---!><script>--><script§>",
            "<!doctype html><script§></script>", "<!DOCTYPE a \"<script>\"><script§>", "<?xml <script>?><script§>",
            "<!-a <script>><script§>", "<![CDATA[<script>]]><script§></script>", "</ <script><script§></script>",
            "</><script§></script>",
            // Attribute values.
            "<a title='<script>' b=\"<style>\" c=<script>d</a><script§></script>", "<a title=\"'\" b='\"'><script§>",
            "<a =\"<script>\"><script§></script>", "<a b = '<script>' c><script§></script>",
            "<a/b=\"<script>\"><script§>",
            "<a b='c'd='<script>'><script§>", "</a b='<script>'><script§>", "<a b=><script§></script>",
            "<a b=c/><script§></script>", "<a b=\"", "<a b='<script>",
            // Attributes of the tag itself.
            "<script nonce=\"abc\"></script><script§></script>", "<script a nonce></script>",
            "<style NONCE=''></style>",
            "<script§ data-nonce=a xnonce=b></script>", "<script§ a='nonce=b'></script>", "<script§ a=nonce></script>",
            "<script§ a='>'>b</script>", "<script§ a=\">\" b>c</script>", "<script\tnonce\n=\n'a'></script>",
            "<script src='x' nonce='a'/>", "<script/nonce=a></script>", "<script a", "<script a='b'", "<script ",
            // Elements that contain only text.
            "<script§>\"<script>\" '<style>'</script><style§></style>", "<style§><script></style><script§></script>",
            "<textarea><script></textarea><script§></script>", "<title><style></title><style§></style>",
            "<noscript><style§></noscript><style§></style>", "<iframe><script></iframe><script§></script>",
            "<xmp><script></xmp><script§></script>",
            "<noembed><script></noembed><noframes><script></noframes><script§>",
            "<plaintext><script></plaintext><script>", "<title></titles><script></title ><script§></script>",
            "<textarea></ textarea><script></textarea/><script§></script>", "<title><</title><script§></script>",
            "<title></</title><script§></script>", "<title></tit</title><script§></script>",
            "<style>".replacing("<style>", with: "<style§>") + "</styl></style x='<script>'><script§>",
            // A script in a comment in a script.
            "<script§><!-- <script> </script> <script> --></script><style§></style>",
            "<script§><!-- <script></script> </script><style§></style>", "<script§><!-- </script><script§></script>",
            "<script§><!-- <script> --> </script><style§></style>", "<script§><!--><script></script><style§></style>",
            "<script§><!-- <scripty> </script><style§></style>", "<script§><!- <script> </script><style§></style>",
            "<script§><!--<script><!--</script></script><style§></style>",
            // SVG.
            "<svg><title/><script§></script></svg>", "<svg><![CDATA[<script>]]><script§></script></svg>",
            "<svg><![CDATA[ ]] > ]]]><style§></style></svg>", "<svg/><![CDATA[<script></script><style§></style>",
            "<svg><![CDAT<script>><script§></script>", "<svg></svg><title/><script></title><script§></script>",
            "<svg><script§/><script§></script></svg>",
        ] + links + noscripts

    private static let links = [
        "<link§ rel=stylesheet href=a.css>", "<link§ rel=\"stylesheet\">", "<LINK§ REL='StyleSheet'/>",
        "<link§ href=a rel = stylesheet >", "<link§ rel=\"preload\" as=script href=a.js>", "<link§ rel=modulepreload>",
        "<link§ rel=\"alternate stylesheet\">", "<link§ rel=' stylesheet\n'>", "<link§ rel='x\tpreload y'>",
        "<link§\nrel=stylesheet>", "<link§ title='>' rel=stylesheet>", "<link§/rel=preload>",
        // Links that need no nonce.
        "<link rel=icon>", "<link rel=preconnect>", "<link rel=prefetch>", "<link rel=\"stylesheets\">", "<link>",
        "<link rel>", "<link rel=\"\">", "<link rel=stylesheet/>", "<link rel=\"style sheet\">",
        "<link rel='a,stylesheet'>",
        "<link href=stylesheet>", "<link rel href=stylesheet>", "<link data-rel=stylesheet>", "<links rel=stylesheet>",
        "<a rel=stylesheet>", "</link rel=stylesheet>", "<link title='rel=stylesheet'>",
        // The first rel counts, and an existing nonce is kept.
        "<link rel=icon rel=stylesheet>", "<link§ rel=stylesheet rel=icon>", "<link rel=stylesheet nonce=a>",
        "<link nonce rel=stylesheet>",
        // Not tags.
        "<!-- <link rel=stylesheet> -->", "<textarea><link rel=stylesheet></textarea>", "<link rel=stylesheet",
        "<script§><link rel=stylesheet></script>", "<link rel=icon><link§ rel=stylesheet><link rel=icon>",
    ]

    private static let noscripts = [
        "<noscript><style§>a{}</style></noscript><script§></script>",
        "<noscript><link§ rel=stylesheet></noscript><link§ rel=preload>",
        "<NOSCRIPT a=b><p><style§ media='>'></style></NoScript ><style§>",
        // Such a script never runs.
        "<noscript><script></script></noscript><script§></script>", "<noscript><script></noscript><script§></script>",
        // For a browser that runs scripts, noscript ends at its first end tag, wherever that is.
        "<noscript><!-- </noscript><script§></script>-->", "<noscript><p title='</noscript><script§>'></script>",
        "<noscript><style title='</noscript><style§></style>", "<noscript><style§></noscript ><script§></script>",
        "<noscript><textarea></noscript><script§></script>", "<noscript><plaintext></noscript/><script§></script>",
        "<noscript><svg></noscript><![CDATA[<script></script><style§></style>",
        "<noscript><noscript></noscript><script§></script>",
        "<noscript></noscripts><style§></style></noscript><script§></script>",
        "<noscript></ noscript><script></noscript>",
        "<noscript><</noscript><script§></script>", "<noscript></n</noscript><script§></script>",
        "<noscript><link rel=stylesheet</noscript><script§></script>", "</noscript><script§></script>",
        "<svg><noscript></svg></noscript><![CDATA[<script>]]><script§></script>",
    ]

    @Test(arguments: pages)
    func `script and style tags, and only those, get a nonce`(page: String) {
        #expect(Self.rewrite(page.replacing("§", with: "")) == page)
    }

    @Test(arguments: pages)
    func `the result does not depend on how the page is split`(page: String) {
        let html = Array(page.replacing("§", with: "").utf8)
        #expect(Self.rewrite(html.map { [$0] }) == page)
        for cut in 0...html.count { #expect(Self.rewrite([Array(html[..<cut]), [], Array(html[cut...])]) == page) }
    }

    @Test func `random pages are rewritten the same in pieces, and lose nothing`() {
        var random = SeededRandom(seed: 7)
        let words = [
            "<", ">", "/", "!", "-", "--", "<!--", "-->", "script", "style", "<script", "</script>", "<style>", "title",
            "<title>", "</title>", "svg", "<svg>", "</svg>", " ", "=", "\"", "'", "nonce", "nonce='a'", "a",
            "<![CDATA[",
            "]]>", "\n", "\u{0}", "é", "<textarea ", "</textarea", "<noscript>", "</noscript", "<link ", "rel=", "rel",
            "stylesheet", "preload",
        ]
        for _ in 0..<3_000 {
            let html = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                words[Int.random(in: 0..<words.count, using: &random)]
            }.joined()
            let whole = Self.rewrite(html)
            #expect(whole.replacing("§", with: "") == html)
            var pieces: [[UInt8]] = []
            var rest = Array(html.utf8)[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...7, using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(Self.rewrite(pieces) == whole, "\(html)")
        }
    }

    @Test func `random bytes are unchanged`() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<200 {
            let bytes = (0..<500).map { _ in UInt8.random(in: 0...255, using: &random) }
            var machine = HTMLNonceStateMachine(Nonce(using: &random))
            var output = ByteBuffer()
            bytes.withUnsafeBytes { machine.write($0, to: &output) }
            machine.end(to: &output)
            #expect(Array(output.readableBytesView) == bytes)
        }
    }

    @Test func `a tag longer than the buffer is unchanged`() {
        let limit = HTMLNonceStateMachine.maxHeld
        let fits = "<script a=\"\(String(repeating: "b", count: limit - 100))\"></script>"
        let long = "<script a=\"\(String(repeating: "b", count: limit + 100))\"></script><style></style>"
        #expect(Self.rewrite(fits).hasPrefix("<script§ a="))
        let expected = long.replacing("<style>", with: "<style§>")
        #expect(Self.rewrite(long) == expected)
        #expect(Self.rewrite(Array(long.utf8).map { [$0] }) == expected)
    }
}
