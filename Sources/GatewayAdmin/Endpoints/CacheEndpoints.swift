import GatewayCache
import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/cache?url=…`: what is stored under a URL.
struct CacheEndpoint: AdminEndpoint {
    let path = "/cache"
    let summary = "What is stored under a URL: `?url=https://www.example.com/popular`."
    let operation = APIOperation(
        "getCache",
        .cache,
        query: [APIParameter("url", .url("An absolute URL.", "https://www.example.com/popular"), isRequired: true)],
        answers: [.json(Self.schema)]
    )

    func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let urls = call.query.values(of: "url")
        guard let text = urls.first, urls.count == 1 else {
            throw .invalid([GatewayError.Problem(field: "url", reason: urls.isEmpty ? "is missing" : "is given twice")])
        }
        guard let url = CacheURL(absolute: text) else {
            throw .invalid([GatewayError.Problem(field: "url", reason: PurgeBody.absolute)])
        }
        let entries = await call.status.cache?.entries(of: url) ?? []
        return .admin([
            "url": .string(text),
            "entries": .array(entries.map(Self.json)),
        ])
    }

    private static func json(_ entry: CacheEntry) -> JSONValue {
        [
            "key": .string(entry.key),
            "route": .string(entry.route),
            "vary": .object(
                entry.vary.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }
            ),
            "status": .integer(entry.status),
            "age": .integer(Int(entry.age / 1000)),
            "lifetime": .integer(Int(entry.lifetime / 1000)),
            "size": .integer(entry.size),
            "hits": .integer(entry.hits),
            "tags": .array(entry.tags.map { .string($0) }),
            "encodings": .array(entry.encodings.map { .string($0) }),
        ]
    }
}

/// `POST /cache/purge`: drops stored responses, or makes them stale.
struct PurgeCacheEndpoint: AdminEndpoint {
    let path = "/cache/purge"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .purgeCache
    let summary =
        "Drops stored responses by `url`, `prefix`, `tag` or `route`, or `\"all\": true`; with `\"soft\": true` they become stale."
    let operation = APIOperation(
        "purgeCache",
        .cache,
        body: .json(PurgeBody.schema),
        answers: [
            .json(
                .object(
                    ["purged": .integer("How many stored responses were dropped or made stale.", 3)],
                    optional: ["redis": .constant("The purge of Redis has begun.", "pending")]
                )
            )
        ]
    )

    func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let body = try PurgeBody(call.request.body)
        let fields = body.json(hiding: call.status.configuration.auth.apiKey?.query ?? "")
        let sum = try await call.act(on: nil, from: .null, to: fields) {
            var sum = PurgeOutcome(purged: 0)
            guard let cache = call.status.cache else { return sum }
            for purge in body.purges {
                let outcome = await cache.purge(purge)
                sum.purged += outcome.purged
                if outcome.isPending == true { sum.isPending = true }
            }
            return sum
        }
        guard sum.isPending == true else { return .admin(["purged": .integer(sum.purged)]) }
        return .admin(["purged": .integer(sum.purged), "redis": "pending"])
    }
}

/// The body of a purge: what it concerns, and whether it is soft.
struct PurgeBody {
    static let absolute = "must be an absolute URL, such as https://www.example.com/popular"
    private static let subjects = ["url", "prefix", "tag", "route", "all"]
    private static let names = Set(Self.subjects + ["soft"])

    var purges: [Purge] = []
    /// The fields, as they were understood.
    private var fields: [String: JSONValue] = [:]

    /// - Throws: 400 if the body is not JSON, 422 with every wrong field.
    init(_ body: ByteBuffer?) throws(AdminRefusal) {
        let fields = try AdminBody.fields(of: body ?? ByteBuffer())
        var problems = AdminBody.unknown(fields.keys.filter { !Self.names.contains($0) })
        var isSoft = false
        if let soft = fields["soft"] {
            if let flag = soft.boolean {
                isSoft = flag
            } else {
                problems.append(.init(field: "soft", reason: Self.flag))
            }
        }
        let named = Self.subjects.filter { fields[$0] != nil }
        if named.count != 1 {
            let reason = "must have one of \"url\", \"prefix\", \"tag\", \"route\" and \"all\""
            problems.insert(.init(field: "", reason: reason), at: 0)
        }
        for name in named {
            guard let value = fields[name] else { continue }
            switch Self.subjects(name, value) {
            case .success(let subjects): self.purges += subjects.map { Purge($0, isSoft: isSoft) }
            case .failure(let problem): problems.append(.init(field: name, reason: problem.reason))
            }
        }
        if !problems.isEmpty { throw .invalid(problems) }
        self.fields = fields.mapValues(\.json)
        self.fields["soft"] = .boolean(isSoft)
    }

    /// The fields for the audit log.
    ///
    /// - Parameter key: The parameter of queries that carries API keys; empty if there is none.
    func json(hiding key: String) -> JSONValue {
        let redaction = QueryRedaction(key.isEmpty ? [] : [key])
        var fields = self.fields
        for name in ["url", "prefix"] {
            guard case .string(let url)? = fields[name] else { continue }
            fields[name] = .string(redaction.redacted(url: url))
        }
        return .sorted(fields)
    }

    private struct Mistake: Error {
        var reason: String
    }

    private static let flag = "must be true or false"
    private static let text = "must be a string that is not empty"

    private static func subjects(_ name: String, _ value: AdminBody.AnyValue) -> Result<[Purge.Subject], Mistake> {
        switch name {
        case "all": return value.boolean == true ? .success([.all]) : .failure(Mistake(reason: "must be true"))
        case "route":
            let names = value.string.map { [$0] } ?? value.strings ?? []
            guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty }) else {
                return .failure(Mistake(reason: "must be the name of a route, or a list of names"))
            }
            return .success(names.map { .route($0) })
        case "url":
            guard let url = value.string.flatMap(CacheURL.init(absolute:)) else {
                return .failure(Mistake(reason: Self.absolute))
            }
            return .success([.url(url.text)])
        case "prefix":
            guard let prefix = value.string.flatMap(CacheURL.prefix) else {
                let reason = "must be how an absolute URL begins, such as https://www.example.com/images/"
                return .failure(Mistake(reason: reason))
            }
            return .success([.prefix(prefix)])
        default:
            guard let tag = value.string, !tag.isEmpty else { return .failure(Mistake(reason: Self.text)) }
            return .success([.tag(tag)])
        }
    }
}

extension CacheEndpoint {
    fileprivate static let schema = APISchema.object([
        "url": .text("As it was asked for.", "https://www.example.com/popular"),
        "entries": .list(
            of: .object([
                "key": .text("", "https://www.example.com/popular"),
                "route": .text("", "pages"),
                "vary": .map(of: .text("", "gzip"), "The fields that select the response.", "accept-encoding"),
                "status": .integer("The status of the stored response.", 200, from: 100, to: 599),
                "age": .integer("In seconds.", 12),
                "lifetime": .integer("In seconds.", 60),
                "size": .integer("In bytes.", 4096),
                "hits": .integer("How often the response was used.", 99),
                "tags": .list(of: .text("", "news")),
                "encodings": .list(of: .text("An encoded variant that is stored too.", "gzip")),
            ])
        ),
    ])
}

extension PurgeBody {
    private static let soft: APISchema.Members = [
        "soft": .boolean("Whether the responses become stale instead.", false)
    ]
    private static let url = "https://www.example.com/popular"

    fileprivate static let schema = APISchema.anyOf([
        .object(["tag": .text("Responses with this tag.", "news", minimum: 1)], optional: Self.soft),
        .object(["url": .url("The responses of this URL.", Self.url)], optional: Self.soft),
        .object(["prefix": .url("Responses whose URL begins so.", Self.url)], optional: Self.soft),
        .object(
            [
                "route": .anyOf([
                    .text("The responses of this route.", "pages", minimum: 1),
                    .list(of: .text("", "pages", minimum: 1), "The responses of these routes.", minimum: 1),
                ])
            ],
            optional: Self.soft
        ),
        .object(["all": .constant("All responses.", true)], optional: Self.soft),
    ])
}
