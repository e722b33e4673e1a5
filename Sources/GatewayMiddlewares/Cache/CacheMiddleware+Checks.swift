package import GatewayCore
import GatewayHTTP
import GatewaySettings

extension CacheMiddleware.Config {
    /// Checks values, and settings that depend on each other.
    package func check(in context: inout BuildContext) {
        self.checkSizes(in: &context)
        self.checkLifetimes(in: &context)
        self.checkNames(in: &context)
        for (index, warm) in self.warm.enumerated() { warm.check(at: ["warm", String(index)], in: &context) }
    }

    private func checkSizes(in context: inout BuildContext) {
        for (key, size) in [("max_size", self.maxSize), ("max_object", self.maxObject)] where size.bytes < 1 {
            context.fail("a cache of no size stores nothing", suggestion: "write cache = false instead", at: key)
        }
        if self.maxSize.bytes > 0, self.maxObject > self.maxSize {
            context.fail(
                "an object of \(self.maxObject) does not fit into max_size, \(self.maxSize)",
                suggestion: "write \"\(self.maxSize)\" or less",
                at: "max_object"
            )
        }
        if self.redisMaxObject.bytes < 1 {
            context.fail("Redis would store nothing", suggestion: "write \"1MiB\"", at: "redis_max_object")
        } else if self.redisMaxObject > Self.largestRedisObject {
            context.fail(
                "\(self.redisMaxObject) would keep other commands waiting for too long",
                suggestion: "write \"\(Self.largestRedisObject)\" or less",
                at: "redis_max_object"
            )
        }
        if self.store == .redis, !context.hasRedis {
            context.fail(
                "there is no [redis] that says where Redis is",
                suggestion: "add [redis] with its url, or write \"memory\"",
                at: "store"
            )
        }
    }

    private static let largestRedisObject = ByteCount.mebibytes(8)

    private func checkLifetimes(in context: inout BuildContext) {
        for text in self.statusTTL.keys.sorted() {
            if let status = Self.status(text) {
                guard [206, 304].contains(status) else { continue }
                context.fail(
                    "\(status) is part of another response and is never stored",
                    suggestion: "remove it",
                    at: ["status_ttl", text],
                    isInName: true
                )
            } else {
                context.fail(
                    "\(JSONText.quoted(text)) is not the status of a response",
                    suggestion: "write 404, or another status from 200 to 599",
                    at: ["status_ttl", text],
                    isInName: true
                )
            }
        }
        if !(0...1).contains(self.heuristic) {
            context.fail(
                "\(self.heuristic) is not a share",
                suggestion: "write 0.1, or another number from 0 to 1",
                at: "heuristic"
            )
        }
        if self.overrideTTL.span == .zero {
            context.fail(
                "a lifetime of 0s stores nothing",
                suggestion: "write \"\" for no override",
                at: "override_ttl"
            )
        } else if self.overrideTTL.span != nil, !context.isSetByRoute("override_ttl") {
            context.warn(
                "responses that upstreams mark private or no-store are stored and shared on all routes",
                suggestion: "set it in the routes that need it",
                at: "override_ttl"
            )
        }
        if self.coalesce, self.coalesceWait.nanoseconds < 1_000_000 {
            context.fail(
                "nobody would wait for another request",
                suggestion: "write coalesce = false, or a coalesce_wait of \"1ms\" or more",
                at: "coalesce_wait"
            )
        }
    }

    private func checkNames(in context: inout BuildContext) {
        if self.keyConsumer, context.isSetByRoute("key_consumer"),
            AuthMiddleware.Config.ofRoute(in: context)?.any.isEmpty == true
        {
            context.warn(
                .noEffect,
                "all share the responses, because the route asks for no credential",
                suggestion: "remove key_consumer, or add [routes.auth]",
                at: "key_consumer"
            )
        }
        for (key, names) in [("targets", self.targets), ("vary", self.vary)] {
            for (index, name) in names.enumerated() {
                Self.checkField(name, at: [key, String(index)], in: &context)
            }
        }
        if let index = self.vary.firstIndex(of: "*") {
            context.fail(
                "\"*\" would make each request a response of its own",
                suggestion: "name the fields",
                at: "vary",
                String(index)
            )
        }
        if !self.tagsHeader.isEmpty { Self.checkField(self.tagsHeader, at: ["tags_header"], in: &context) }
        for (key, globs) in [("ignore_query", self.ignoreQuery), ("strip_cookies", self.stripCookies)] {
            for (index, glob) in globs.enumerated() {
                guard let problem = Self.problem(withGlob: glob) else { continue }
                context.fail(problem.message, suggestion: problem.suggestion, at: key, String(index))
            }
        }
    }

    private static func checkField(_ name: String, at keys: [String], in context: inout BuildContext) {
        guard name != "*", HeaderName(validating: name) == nil else { return }
        context.fail(
            "\(JSONText.quoted(name)) is not a header name",
            suggestion: ConfigurationValidator.headerSuggestion(name),
            at: keys
        )
    }

    /// Why the text matches no name of a parameter or cookie; nil if it may match one.
    private static func problem(withGlob glob: String) -> (message: String, suggestion: String)? {
        if glob.isEmpty { return ("an empty name matches nothing", "write \"utm_*\", or remove it") }
        if glob.utf8.count(where: { $0 == UInt8(ascii: "*") }) > 1 {
            let short = glob.prefix { $0 != "*" } + "*"
            return ("\(JSONText.quoted(glob)) has several \"*\"", "write \(JSONText.quoted(String(short)))")
        }
        let wrong = glob.first { $0.utf8.contains { $0 <= 0x20 || $0 >= 0x7F || "=&;?#,".utf8.contains($0) } }
        guard let wrong else { return nil }
        let name = glob.prefix { $0 != wrong }
        return (
            "\(JSONText.quoted(glob)) has \(JSONText.quoted(String(wrong))), which no name has",
            name.isEmpty ? "remove it" : "write \(JSONText.quoted(String(name)))"
        )
    }

    /// The final status that the text is.
    static func status(_ text: String) -> Int? {
        guard text.utf8.count == 3, let status = Int(digits: text), (200...599).contains(status) else { return nil }
        return status
    }
}

extension CacheMiddleware.Warm {
    fileprivate func check(at keys: [String], in context: inout BuildContext) {
        if self.path.isEmpty {
            context.fail("\"path\" is missing", suggestion: "write path = \"/popular\"", at: keys)
        } else if !self.path.hasPrefix("/") {
            context.fail(
                "\(JSONText.quoted(self.path)) does not begin with \"/\"",
                suggestion: "write \(JSONText.quoted("/" + self.path))",
                at: keys + ["path"]
            )
        } else if self.path.contains("#") {
            context.fail(
                "a request has no fragment",
                suggestion: "write \(JSONText.quoted(String(self.path.prefix { $0 != "#" })))",
                at: keys + ["path"]
            )
        } else {
            do throws(SettingError) {
                try URIText.check(self.path, of: .url)
            } catch {
                context.fail(
                    "\(JSONText.quoted(self.path)) \(error.problem)",
                    suggestion: error.suggestion,
                    at: keys + ["path"]
                )
            }
        }
        if !self.host.isEmpty, !Array(self.host.utf8).withUnsafeBytes(ByteClass.isAuthority) {
            context.fail(
                "\(JSONText.quoted(self.host)) is not a host",
                suggestion: "write \"www.example.com\"",
                at: keys + ["host"]
            )
        }
        if self.every < .seconds(1) {
            context.fail("\"\(self.every)\" is too often", suggestion: "write \"1s\" or more", at: keys + ["every"])
        }
        for (name, value) in self.headers.sorted(by: { $0.key < $1.key }) {
            if let problem = ProtectedFields.problem(with: name) {
                context.fail(
                    problem.message,
                    suggestion: name.lowercased() == "host" ? "use host for it" : problem.suggestion,
                    at: keys + ["headers", name],
                    isInName: true
                )
            } else if !FieldValue.isValid(value) {
                context.fail(
                    "the value has a character that header fields cannot have",
                    suggestion: "write \(JSONText.quoted(FieldValue.cleaned(value)))",
                    at: keys + ["headers", name]
                )
            }
        }
    }
}
