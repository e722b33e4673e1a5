/// The limits of a head or a trailer section.
package struct HTTP1Limits: Hashable, Sendable {
    /// The length of the request line or the status line in bytes, without its line end.
    package var startLine: Int
    /// The length of all field lines of a section in bytes, with their line ends. In a response, it includes the
    /// status line.
    package var headers: Int
    package var headerCount: Int

    package init(startLine: Int = 8 * 1024, headers: Int = 32 * 1024, headerCount: Int = 100) {
        self.startLine = startLine
        self.headers = headers
        self.headerCount = headerCount
    }
}
