/// What a head or a trailer section may take, in bytes and in fields.
package struct HTTP1Limits: Hashable, Sendable {
    /// The request line or the status line, without its line end.
    package var startLine: Int
    /// All field lines of one section with their line ends; of a response, the status line is one of them.
    package var headers: Int
    package var headerCount: Int

    package init(startLine: Int = 8 * 1024, headers: Int = 32 * 1024, headerCount: Int = 100) {
        self.startLine = startLine
        self.headers = headers
        self.headerCount = headerCount
    }
}
