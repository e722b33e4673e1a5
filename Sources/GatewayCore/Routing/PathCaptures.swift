/// The positions of the route's parameters in a normalized path. Reused across requests.
package struct PathCaptures: Sendable, Equatable {
    package struct Span: Sendable, Equatable {
        var offset: Int
        var length: Int

        var range: Range<Int> { offset..<offset + length }
    }

    /// The parameters, in the order of the pattern.
    package private(set) var parameters: [Span] = []
    /// The part that `/*` matched, without the leading slash.
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
