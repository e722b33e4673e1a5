import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Makes the spans of a request: one of the kind SERVER, and below it one for each wait for a connection, each try and
/// each request to another service. Names follow the stable conventions for HTTP.
///
/// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
struct SpanTree {
    private let request: TracedRequest
    private let redaction: QueryRedaction
    private let makeSpanID: () -> UInt64

    /// The methods that have their names; others are `_OTHER`.
    private static let methods: Set<String> = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ]

    /// - Parameter makeSpanID: Returns the ID of a span that was told to nobody. Not 0.
    init(_ request: TracedRequest, _ redaction: QueryRedaction, makeSpanID: @escaping () -> UInt64) {
        self.request = request
        self.redaction = redaction
        self.makeSpanID = makeSpanID
    }

    /// The spans. The first is that of the request.
    var spans: [Span] {
        var spans = [self.server]
        var number = 0
        for attempt in self.request.tries {
            if let queuedAt = attempt.queuedAt { spans.append(self.queue(attempt, since: queuedAt)) }
            guard let beganAt = attempt.beganAt else { continue }
            let client = self.client(attempt, number: number, since: beganAt)
            spans.append(client)
            if let connect = self.connect(attempt, below: client) { spans.append(connect) }
            number += 1
        }
        for call in self.request.calls { spans.append(self.call(call)) }
        return spans
    }

    private var isKnownMethod: Bool { Self.methods.contains(self.request.method) }
    /// The method in names of spans.
    private var methodName: String { self.isKnownMethod ? self.request.method : "HTTP" }

    // MARK: The request

    private var server: Span {
        let request = self.request
        let name = request.routePath.isEmpty ? self.methodName : "\(self.methodName) \(request.routePath)"
        var span = Span(
            name,
            .server,
            request.own,
            parent: request.parent,
            start: request.startedAt,
            end: request.endedAt
        )
        span.hasRemoteParent = request.parent != 0
        span.state = request.state
        span.link = request.link
        span.isError = request.isError
        self.addMethod(to: &span)
        span.add("url.scheme", request.scheme)
        span.add("url.path", request.path)
        if !request.query.isEmpty { span.add("url.query", String(self.redacted("?" + request.query).dropFirst())) }
        span.add("http.route", request.routePath)
        if request.status > 0 { span.add("http.response.status_code", request.status) }
        self.addError(to: &span)
        self.addServer(request.host, to: &span)
        span.add("client.address", request.clientAddress)
        span.add("network.peer.address", request.peerAddress)
        span.add("network.protocol.version", Self.version(request.protocolName))
        span.add("user_agent.original", request.userAgent)
        span.add("gateway.route", request.route)
        span.add("gateway.request_id", request.requestID)
        span.add("gateway.consumer", request.consumer)
        if let status = request.grpcStatus {
            span.add("rpc.system", "grpc")
            span.add("rpc.grpc.status_code", status)
        }
        span.attributes += request.attributes
        span.events = self.events
        return span
    }

    private func addMethod(to span: inout Span) {
        span.add("http.request.method", self.isKnownMethod ? self.request.method : "_OTHER")
        if !self.isKnownMethod { span.add("http.request.method_original", self.request.method) }
    }

    private func addError(to span: inout Span) {
        let request = self.request
        guard request.isError else { return }
        if !request.code.isEmpty {
            span.add("error.type", request.code)
        } else if !request.end.isEmpty {
            span.add("error.type", request.end)
        } else if request.status >= 500 {
            span.add("error.type", "\(request.status)")
        } else {
            span.add("error.type", request.grpcStatus.map { "\($0)" } ?? "_OTHER")
        }
    }

    private func addServer(_ host: String, to span: inout Span) {
        guard let (name, port) = HostAndPort.parse(host) else { return span.add("server.address", host) }
        span.add("server.address", name)
        span.add("server.port", port ?? (self.request.scheme == "https" ? 443 : 80))
    }

    private var events: [Span.Event] {
        let request = self.request
        var events: [Span.Event] = []
        for attempt in request.tries.dropLast() {
            let reason = attempt.failure.isEmpty ? "\(attempt.status)" : attempt.failure
            events.append(
                Span.Event(name: "retry", time: attempt.endedAt, attributes: [("reason", .string(reason))])
            )
        }
        if let time = request.firstByteAt { events.append(Span.Event(name: "first_byte", time: time)) }
        if !request.end.isEmpty {
            events.append(
                Span.Event(name: "cut", time: request.endedAt, attributes: [("end", .string(request.end))])
            )
        }
        return events
    }

    /// `HTTP/1.1` as `1.1`.
    private static func version(_ protocolName: String) -> String {
        protocolName.hasPrefix("HTTP/") ? String(protocolName.dropFirst("HTTP/".count)) : protocolName
    }

    private func redacted(_ url: String) -> String { self.redaction.redacted(url: url) }

    // MARK: Tries

    private func client(_ attempt: TracedRequest.Try, number: Int, since start: Int64) -> Span {
        let request = self.request
        // A WebSocket is open until the request ends.
        let end = request.isWebSocket && attempt.status == 101 ? request.endedAt : attempt.endedAt
        let id = attempt.spanID == 0 ? self.makeSpanID() : attempt.spanID
        var span = Span(
            self.methodName,
            .client,
            request.own.span(id),
            parent: request.own.spanID,
            start: start,
            end: end
        )
        self.addMethod(to: &span)
        self.addTarget(of: attempt, to: &span)
        if attempt.status > 0 { span.add("http.response.status_code", attempt.status) }
        if number > 0 { span.add("http.request.resend_count", number) }
        if attempt.sentAt != nil { span.add("network.protocol.version", attempt.isHTTP2 ? "2" : "1.1") }
        span.add("gateway.upstream", request.upstream)
        if !attempt.code.isEmpty {
            span.isError = true
            span.add("error.type", attempt.code)
        } else if attempt.status >= 400 {
            span.isError = true
            span.add("error.type", "\(attempt.status)")
        } else if attempt.status == 0, request.isError, !attempt.failure.isEmpty {
            span.isError = true
            span.add("error.type", attempt.failure)
        }
        if let time = attempt.answerBeganAt { span.events.append(Span.Event(name: "first_byte", time: time)) }
        return span
    }

    private func addTarget(of attempt: TracedRequest.Try, to span: inout Span) {
        var authority = "localhost"
        var scheme = "http"
        switch attempt.target?.url {
        case .http(let host, let port)?, .h2c(let host, let port)?:
            authority = port == 80 ? Self.bracketed(host) : HostAndPort.text(host, port)
            span.add("server.address", host)
            span.add("server.port", port)
        case .https(let host, let port)?:
            scheme = "https"
            authority = port == 443 ? Self.bracketed(host) : HostAndPort.text(host, port)
            span.add("server.address", host)
            span.add("server.port", port)
        case .unix(let path)?:
            span.add("server.address", path)
            span.add("network.transport", "unix")
        // A handler in this process.
        case nil: span.add("server.address", authority)
        }
        span.add("url.full", self.redacted("\(scheme)://\(authority)\(self.request.forwardedPath)"))
        self.addPeer(of: attempt, to: &span)
    }

    private func addPeer(of attempt: TracedRequest.Try, to span: inout Span) {
        guard let address = attempt.endpoint?.address else { return }
        if let path = address.pathname {
            span.add("network.peer.address", path)
        } else {
            span.add("network.peer.address", address.ipAddress ?? "")
            span.add("network.peer.port", address.port)
        }
    }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// The wait for a connection that others used.
    private func queue(_ attempt: TracedRequest.Try, since start: Int64) -> Span {
        var span = Span(
            "queue",
            .internal,
            self.request.own.span(self.makeSpanID()),
            parent: self.request.own.spanID,
            start: start,
            end: attempt.beganAt ?? attempt.endedAt
        )
        span.add("gateway.upstream", self.request.upstream)
        if attempt.beganAt == nil, self.request.isError {
            span.isError = true
            self.addError(to: &span)
        }
        return span
    }

    /// The opening of a connection; nil if there was one.
    private func connect(_ attempt: TracedRequest.Try, below client: Span) -> Span? {
        guard let start = attempt.connectingAt else { return nil }
        var span = Span(
            "connect",
            .internal,
            self.request.own.span(self.makeSpanID()),
            parent: client.context.spanID,
            start: start,
            end: attempt.sentAt ?? attempt.endedAt
        )
        self.addPeer(of: attempt, to: &span)
        if attempt.sentAt == nil, client.isError {
            span.isError = true
            span.add("error.type", attempt.code.isEmpty ? attempt.failure : attempt.code)
        }
        return span
    }

    // MARK: Other services

    private func call(_ call: TracedRequest.Call) -> Span {
        var span = Span(
            call.name,
            .client,
            self.request.own.span(call.spanID == 0 ? self.makeSpanID() : call.spanID),
            parent: self.request.own.spanID,
            start: call.startedAt,
            end: call.endedAt
        )
        if !call.failure.isEmpty {
            span.isError = true
            span.add("error.type", call.failure)
        }
        return span
    }
}
