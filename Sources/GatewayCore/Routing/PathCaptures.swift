/// Where in a normalised path the parameters of the route that took it stand. Reused from request to request.
package struct PathCaptures: Sendable, Equatable {
    package struct Span: Sendable, Equatable {
        package var offset: Int
        package var length: Int

        package var range: Range<Int> { offset..<offset + length }
    }

    /// In the order of the pattern's parameters.
    package private(set) var parameters: [Span] = []
    /// What `/*` took, without the slash before it.
    package private(set) var rest: Span?

    package init() {
        parameters.reserveCapacity(8)
    }

    package mutating func removeAll() {
        parameters.removeAll(keepingCapacity: true)
        rest = nil
    }

    mutating func push(_ span: Span) { parameters.append(span) }

    mutating func pop() { parameters.removeLast() }

    mutating func setRest(_ span: Span?) { rest = span }
}
