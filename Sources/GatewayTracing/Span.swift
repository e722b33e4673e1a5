import GatewayCore

/// A span, in the terms of OpenTelemetry.
struct Span {
    /// The numbers that OTLP gives them.
    enum Kind: UInt64 {
        case `internal` = 1
        case server = 2
        case client = 3
    }

    struct Event {
        var name: String
        /// In nanoseconds since 1970.
        var time: Int64
        var attributes: [Attribute] = []
    }

    typealias Attribute = (name: String, value: TraceValue)

    var name: String
    var kind: Kind
    /// The trace, the span and its flags.
    var context: TraceParent
    /// 0 for the first span of a trace.
    var parent: UInt64
    /// Whether the parent is in another process.
    var hasRemoteParent = false
    var state = ""
    /// In nanoseconds since 1970.
    var start: Int64
    var end: Int64
    var attributes: [Attribute] = []
    var events: [Event] = []
    var link: TraceParent?
    var isError = false

    init(_ name: String, _ kind: Kind, _ context: TraceParent, parent: UInt64, start: Int64, end: Int64) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parent = parent
        self.start = start
        self.end = max(start, end)
    }

    /// Adds an attribute, unless it is empty.
    mutating func add(_ name: String, _ value: String) {
        if !value.isEmpty { self.attributes.append((name, .string(value))) }
    }

    mutating func add(_ name: String, _ value: Int?) {
        if let value { self.attributes.append((name, .integer(value))) }
    }
}
