/// Where in a normalised path the parameters of the route that took it stand. Reused from request to request.
struct PathCaptures: Sendable, Equatable {
    struct Span: Sendable, Equatable {
        var offset: Int
        var length: Int

        var range: Range<Int> { offset..<offset + length }
    }

    /// In the order of the pattern's parameters.
    private(set) var parameters: [Span] = []
    /// What `/*` took, without the slash before it.
    private(set) var rest: Span?

    init() {
        parameters.reserveCapacity(8)
    }

    mutating func removeAll() {
        parameters.removeAll(keepingCapacity: true)
        rest = nil
    }

    mutating func push(_ span: Span) { parameters.append(span) }

    mutating func pop() { parameters.removeLast() }

    mutating func setRest(_ span: Span?) { rest = span }
}
