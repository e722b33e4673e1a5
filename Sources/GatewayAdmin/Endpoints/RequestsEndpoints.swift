import GatewayCore
import GatewayHTTP
import GatewaySettings

/// `/requests`: the last requests that failed, broke off or were slow.
struct RequestsEndpoint: AdminEndpoint {
    let path = "/requests"
    let summary =
        "The last 1,000 requests that failed, broke off or were slow, newest first: "
        + "`?route=users&status=5xx&min_ms=250&consumer=NAME&limit=100`."
    let operation = APIOperation(
        "listRequests",
        .traffic,
        query: [
            APIParameter("route", .text("The name of a route.", "users")),
            APIParameter(
                "status",
                .text(
                    "A status, such as `502`, or a class, such as `5xx`.",
                    "5xx",
                    pattern: "^([1-5][0-9][0-9]|[1-5]xx|)$"
                )
            ),
            APIParameter(
                "min_ms",
                .text("The minimum duration in milliseconds.", "250", pattern: "^([0-9]{1,7}(\\.[0-9]{1,6})?|)$")
            ),
            APIParameter("consumer", .text("The name of a consumer.", "acme")),
            .limit,
        ],
        answers: [
            .json(
                .object([
                    "requests": .list(of: .keptRequest),
                    "omitted": .integer("The requests that were not kept, because there were too many at once.", 0),
                ])
            )
        ]
    )

    package func answer(_ call: AdminCall) throws(AdminRefusal) -> Response {
        let (filter, limit) = try RequestFilter.read(call.query)
        let kept = call.status.shared.keptRequests
        let chosen = kept.all.filter(filter.accepts).prefix(limit)
        return .admin([
            "requests": .array(chosen.map(\.json)),
            "omitted": .integer(kept.omitted),
        ])
    }
}

/// `/requests/{request_id}`: one of them.
struct RequestEndpoint: AdminEndpoint {
    let path = "/requests/{request_id}"
    let summary = "One of these requests by its ID."
    let operation = APIOperation(
        "getRequest",
        .traffic,
        path: [.path("request_id", "The ID of the request.", "0192f7e5-7a2b-7c31-9d0e-5a8c2f1b3e4d")],
        answers: [.json(.keptRequest)]
    )

    package func answer(_ call: AdminCall) throws(AdminRefusal) -> Response {
        guard let request = call.status.shared.keptRequests.request(call.parameters[0]) else {
            throw .notFound("No failed or slow request of this ID is among the last 1,000. GET /requests lists them.")
        }
        return .admin(request.json)
    }
}

/// Which of the kept requests are wanted.
struct RequestFilter: Hashable {
    var route: String?
    var statuses: ClosedRange<Int>?
    /// In nanoseconds.
    var minimum: Int64?
    var consumer: String?

    /// Reads the parameters of a query. An empty one selects nothing in particular.
    ///
    /// - Throws: 422 with every invalid parameter.
    static func read(_ query: AdminQuery) throws(AdminRefusal) -> (RequestFilter, limit: Int) {
        var problems: [GatewayError.Problem] = []
        var filter = RequestFilter()
        let limit = query.limit(&problems)
        filter.route = query.nonempty("route", &problems)
        filter.consumer = query.nonempty("consumer", &problems)
        if let text = query.nonempty("status", &problems) {
            filter.statuses = self.statuses(text)
            if filter.statuses == nil {
                problems.append(
                    .init(field: "status", reason: "must be a status, such as 502, or a class, such as 5xx")
                )
            }
        }
        if let text = query.nonempty("min_ms", &problems) {
            filter.minimum = self.nanoseconds(milliseconds: text)
            if filter.minimum == nil {
                problems.append(.init(field: "min_ms", reason: "must be a number of milliseconds, 0 or more"))
            }
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return (filter, limit)
    }

    /// Returns the statuses of `5xx` or `502`.
    private static func statuses(_ text: String) -> ClosedRange<Int>? {
        guard text.utf8.count == 3 else { return nil }
        if text.hasSuffix("xx") {
            guard let digit = Int(digits: String(text.prefix(1))), (1...5).contains(digit) else { return nil }
            return digit * 100...digit * 100 + 99
        }
        guard let status = Int(digits: text), (100...599).contains(status) else { return nil }
        return status...status
    }

    private static func nanoseconds(milliseconds text: String) -> Int64? {
        guard text.utf8.count <= 15, text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }),
            let number = Double(text), number < 9e12
        else { return nil }
        return Int64(number * 1_000_000)
    }

    func accepts(_ request: KeptRequest) -> Bool {
        if let route, request.route != route { return false }
        if let statuses, !statuses.contains(request.status) { return false }
        if let minimum, request.duration < minimum { return false }
        return self.consumer == nil || request.consumer == self.consumer
    }
}

extension AdminQuery {
    /// The value of a parameter that may be given once; nil if it is missing or empty.
    fileprivate func nonempty(_ name: String, _ problems: inout [GatewayError.Problem]) -> String? {
        self.single(name, &problems).flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension KeptRequest {
    /// The entry of a request. Null: not known, or there was none.
    var json: JSONValue {
        var json: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue?) { json.append(.init(name: name, value: value ?? .null)) }
        add("request_id", self.requestID.isEmpty ? nil : .string(self.requestID))
        add("trace_id", self.traceID.map { .string($0) })
        add("time", .time(self.time))
        add("route", .string(self.route))
        add("method", .string(self.method))
        add("path", .string(self.path))
        add("query", self.query.map { .string($0) })
        add("status", .integer(self.status))
        if let status = self.grpcStatus { add("grpc_status", .integer(status)) }
        add("code", self.code.map { .string($0) })
        add("end", .string(self.end))
        add("consumer", self.consumer.map { .string($0) })
        add("duration_ms", .milliseconds(self.duration))
        add(
            "phases",
            [
                "queue_ms": .milliseconds(self.phases.queue), "connect_ms": .milliseconds(self.phases.connect),
                "first_byte_ms": .milliseconds(self.phases.firstByte), "body_ms": .milliseconds(self.phases.body),
            ]
        )
        add("tries", .array(self.tries.map(\.json)))
        return .object(json)
    }
}

extension KeptRequest.Try {
    fileprivate var json: JSONValue {
        [
            "target": self.target.map { .string($0) } ?? .null,
            "status": self.status.map { .integer($0) } ?? .null,
            "failure": self.failure.map { .string($0) } ?? .null,
            "duration_ms": .milliseconds(self.duration),
        ]
    }
}

extension JSONValue {
    /// Milliseconds with three decimals; null if there are none.
    fileprivate static func milliseconds(_ nanoseconds: Int64?) -> JSONValue {
        nanoseconds.map { .number(Double($0 / 1000) / 1000) } ?? .null
    }
}

extension APISchema {
    /// What the document says of ``KeptRequest``.
    fileprivate static let keptRequest = Self.object(
        [
            "request_id": .text("Null if request IDs are off.", "0192f7e5-7a2b-7c31-9d0e-5a8c2f1b3e4d").orNull,
            "trace_id": .text("", "4bf92f3577b34da6a3ce929d0e0e4736").orNull,
            "time": .time("When the request ended."),
            "route": .text("", "users"),
            "method": .text("", "GET"),
            "path": .text("As received, without the query.", "/users/7"),
            "query": .text("With the values of secret parameters redacted.", "token=[redacted]").orNull,
            "status": .integer("499 if the client left before a response.", 502),
        ] + [
            "code": .text("The code of the gateway's error.", "upstream_unreachable").orNull,
            "end": .text("How the request ended, as in the access log.", "complete"),
            "consumer": .text("", "acme").orNull,
            "duration_ms": .milliseconds("From the first byte of the request to the last byte of the response."),
            "phases": .object(
                ([
                    "queue_ms": .milliseconds("Waiting for a connection that others used."),
                    "connect_ms": .milliseconds("Opening a connection."),
                    "first_byte_ms": .milliseconds("From the request to the head of the response."),
                    "body_ms": .milliseconds("From the head of the response to its end."),
                ] as Members).orNull,
                "Of the last try."
            ),
            "tries": .list(
                of: .object(
                    ([
                        "target": .text("", "127.0.0.1:9001"), "status": .integer("", 503),
                        "failure": .text("Why the try failed.", "refused"), "duration_ms": .milliseconds(""),
                    ] as Members).orNull
                )
            ),
        ],
        optional: ["grpc_status": .integer("Of a gRPC call.", 14)]
    ).named("KeptRequest")
}
