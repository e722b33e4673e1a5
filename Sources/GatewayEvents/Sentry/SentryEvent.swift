import GatewayCore
import GatewaySettings

/// The payloads of Sentry's protocol: events and transactions.
///
/// https://develop.sentry.dev/sdk/data-model/event-payloads/
struct SentryEvent {
    /// What all payloads of this gateway say.
    struct Origin {
        /// The name of the machine.
        var server: String
        var environment: String

        fileprivate var members: [JSONValue.Member] {
            [
                .init("platform", "other"), .init("logger", "gateway"), .init("server_name", .string(self.server)),
                .init("release", .string("gateway@\(GatewayVersion.current)")),
                .init("environment", .string(self.environment)),
                .init(
                    "sdk",
                    ["name": .string(SentryEnvelope.sdkName), "version": .string(GatewayVersion.current)]
                ),
            ]
        }
    }

    enum Level: String {
        case error, fatal
    }

    private var members: [JSONValue.Member]

    /// The payload as JSON.
    var json: String { JSONText.text(.object(self.members)) }

    private init(id: String, time: Int64, _ origin: Origin) {
        self.members = [.init("event_id", .string(id)), .init("timestamp", Self.time(time))] + origin.members
    }

    /// Something that went wrong apart from requests.
    ///
    /// - Parameters:
    ///   - time: In milliseconds since 1970.
    ///   - extra: Further facts.
    init(
        _ code: String,
        _ level: Level,
        message: String,
        id: String,
        time: Int64,
        _ origin: Origin,
        extra: JSONValue = .object([])
    ) {
        self.init(id: id, time: time, origin)
        self.members += [
            .init("level", .string(level.rawValue)),
            .init("exception", Self.exception(code, message)),
            .init("fingerprint", [.string(code)]),
            .init("tags", ["code": .string(code)]),
            .init("extra", extra),
        ]
    }

    /// A failed request.
    ///
    /// - Parameter missed: The number of such failures before this one that were not sent.
    init(_ report: RequestReport, code: String, missed: Int, id: String, _ origin: Origin) {
        self.init(id: id, time: report.time, origin)
        let details = report.details
        self.members += [
            .init("level", .string(Level.error.rawValue)),
            .init("transaction", .string(report.route)),
            .init("exception", Self.exception(code, Self.message(of: report))),
            .init("fingerprint", [.string(report.route), .string(code), .string(report.upstream)]),
            .init("tags", Self.tags(of: report, code: code)),
            .init("request", Self.request(of: details)),
            .init("breadcrumbs", ["values": .array(Self.breadcrumbs(of: report, code: code))]),
            .init("contexts", Self.contexts(of: report)),
        ]
        if !details.consumer.isEmpty { self.members.append(.init("user", ["id": .string(details.consumer)])) }
        if missed > 0 { self.members.append(.init("extra", ["not_sent_before": .integer(missed)])) }
    }

    /// The trace of a request, with a span for each attempt.
    ///
    /// - Parameter makeSpanID: Returns 16 hexadecimal digits.
    init(transaction report: RequestReport, id: String, _ origin: Origin, makeSpanID: () -> String) {
        self.init(id: id, time: report.time, origin)
        let details = report.details
        let trace = SentryTrace(details.traceParent)
        let spans = details.attempts.enumerated().compactMap { index, attempt -> JSONValue? in
            guard let trace, let start = attempt.sentAt else { return nil }
            let next = details.attempts.dropFirst(index + 1).first?.sentAt
            return [
                "trace_id": .string(trace.traceID), "span_id": .string(makeSpanID()),
                "parent_span_id": .string(trace.spanID), "op": "http.client",
                "description": .string("\(details.method) \(attempt.target)"),
                "start_timestamp": Self.time(start), "timestamp": Self.time(max(start, next ?? report.time)),
                "status": .string(Self.spanStatus(Int(attempt.result) ?? (attempt.result.isEmpty ? 200 : 500))),
                "data": ["attempt": .integer(index + 1), "result": .string(attempt.result)],
            ]
        }
        self.members += [
            .init("type", "transaction"),
            .init("start_timestamp", Self.time(details.startedAt)),
            .init("transaction", .string(report.route)),
            .init("transaction_info", ["source": "route"]),
            .init("tags", Self.tags(of: report, code: nil)),
            .init("request", Self.request(of: details)),
            .init("contexts", Self.contexts(of: report)),
            .init("spans", .array(spans)),
        ]
        if !details.consumer.isEmpty { self.members.append(.init("user", ["id": .string(details.consumer)])) }
    }

    // MARK: Parts

    private static func exception(_ code: String, _ message: String) -> JSONValue {
        ["values": [["type": .string(code), "value": .string(message)]]]
    }

    private static func message(of report: RequestReport) -> String {
        let details = report.details
        let sentence =
            details.message.isEmpty ? "The upstream answered with status \(report.status)." : details.message
        guard let last = details.attempts.last, !last.target.isEmpty, !last.result.isEmpty else { return sentence }
        return "\(sentence) \(last.target): \(last.result)"
    }

    private static func tags(of report: RequestReport, code: String?) -> JSONValue {
        var tags: [(String, String)] = [("route", report.route)]
        if let code { tags.append(("code", code)) }
        tags.append(("status", "\(report.status)"))
        tags.append(("upstream", report.upstream))
        tags.append(("request_id", report.details.requestID))
        return .object(tags.filter { !$0.1.isEmpty }.map { .init($0.0, .string($0.1)) })
    }

    private static func request(of details: RequestDetails) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("method", .string(details.method)), .init("url", .string(details.url)),
        ]
        if !details.query.isEmpty { members.append(.init("query_string", .string(details.query))) }
        var fields: [JSONValue.Member] = []
        for field in details.fields {
            // A field may have several lines.
            if fields.contains(where: { $0.name.lowercased() == field.name.lowercased() }) { continue }
            let values = details.fields.filter { $0.name.lowercased() == field.name.lowercased() }.map(\.value)
            fields.append(.init(field.name, .string(values.joined(separator: ", "))))
        }
        members.append(.init("headers", .object(fields)))
        return .object(members)
    }

    private static func contexts(of report: RequestReport) -> JSONValue {
        var contexts: [JSONValue.Member] = [
            .init("response", ["type": "response", "status_code": .integer(report.status)])
        ]
        if let trace = SentryTrace(report.details.traceParent) {
            contexts.append(
                .init(
                    "trace",
                    [
                        "type": "trace", "trace_id": .string(trace.traceID), "span_id": .string(trace.spanID),
                        "op": "http.server", "status": .string(Self.spanStatus(report.status)),
                    ]
                )
            )
        }
        return .object(contexts)
    }

    private static func breadcrumbs(of report: RequestReport, code: String) -> [JSONValue] {
        let details = report.details
        var crumbs = [
            Self.breadcrumb("request", "\(details.method) for route \(report.route)", at: details.startedAt)
        ]
        for note in details.notes { crumbs.append(Self.breadcrumb(note.source, note.text, at: nil)) }
        for (index, attempt) in details.attempts.enumerated() {
            let target = attempt.target.isEmpty ? "no target" : attempt.target
            crumbs.append(
                Self.breadcrumb(
                    "upstream",
                    "attempt \(index + 1): \(target): \(attempt.result.isEmpty ? "no response" : attempt.result)",
                    at: attempt.sentAt,
                    level: "warning",
                    [
                        "upstream": .string(report.upstream), "target": .string(attempt.target),
                        "result": .string(attempt.result),
                    ]
                )
            )
        }
        let end = "\(report.status) \(code), \(details.outcome)"
        return crumbs + [Self.breadcrumb("response", end, at: report.time, level: "error")]
    }

    private static func breadcrumb(
        _ category: String,
        _ message: String,
        at time: Int64?,
        level: JSONValue = "info",
        _ data: JSONValue? = nil
    ) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("category", .string(category)), .init("level", level), .init("message", .string(message)),
        ]
        if let time { members.append(.init("timestamp", Self.time(time))) }
        if let data { members.append(.init("data", data)) }
        return .object(members)
    }

    /// Seconds since 1970.
    private static func time(_ milliseconds: Int64) -> JSONValue { .number(Double(milliseconds) / 1000) }

    /// The status of a span, from that of HTTP.
    private static func spanStatus(_ status: Int) -> String {
        switch status {
        case 200..<400: "ok"
        case 401: "unauthenticated"
        case 403: "permission_denied"
        case 404: "not_found"
        case 409: "already_exists"
        case 429: "resource_exhausted"
        case 499: "cancelled"
        case 400..<500: "invalid_argument"
        case 501: "unimplemented"
        case 503: "unavailable"
        case 504: "deadline_exceeded"
        case 500..<600: "internal_error"
        default: "unknown_error"
        }
    }
}

/// The IDs of a `traceparent` as text.
struct SentryTrace: Equatable {
    var traceID: String
    var spanID: String

    /// Returns nil if it is malformed.
    init?(_ traceParent: String) {
        guard Array(traceParent.utf8).withUnsafeBytes({ TraceParent($0) }) != nil else { return nil }
        let parts = traceParent.split(separator: "-")
        self.traceID = String(parts[1])
        self.spanID = String(parts[2])
    }
}

extension JSONValue.Member {
    fileprivate init(_ name: String, _ value: JSONValue) { self.init(name: name, value: value) }
}
