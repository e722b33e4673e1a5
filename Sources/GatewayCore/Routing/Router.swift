package import GatewaySettings

/// Finds the most specific route that matches a request.
///
/// The order is host (exact, longer wildcard, any), then path (segment by segment from the left: literal, parameter,
/// rest), then the number of header and query conditions, then named methods before any method, then the order of
/// definition. If the method, headers or query do not match, the next best route is tried.
package struct Router<Plan> {
    /// A compiled route. A class, because a lookup would retain each array of a struct.
    package final class Entry {
        package let plan: Plan
        package let hosts: [HostPattern]
        package let pattern: RoutePattern
        package let methods: MethodSet
        package let headers: [HeaderCondition]
        package let query: [QueryCondition]

        package init(
            plan: Plan,
            hosts: [HostPattern],
            pattern: RoutePattern,
            methods: MethodSet,
            headers: [HeaderCondition],
            query: [QueryCondition]
        ) {
            self.plan = plan
            self.hosts = hosts
            self.pattern = pattern
            self.methods = methods
            self.headers = headers
            self.query = query
        }

        func conditionsHold<Request: RoutedRequest>(for request: Request) -> Bool {
            for condition in headers where !request.satisfies(condition) { return false }
            for condition in query where !condition.accepts(request.query) { return false }
            return true
        }
    }

    package enum Result {
        case found(Plan, route: Int)
        /// Routes match the request except for its method. Contains the value of `Allow`.
        case methodNotAllowed(allow: String)
        case notFound
    }

    /// The routes in the order of definition.
    package let entries: [Entry]
    private let hosts: HostTable
    private let trie: PathTrie
    /// The routes of each leaf, most specific first.
    private let leaves: [[Int]]

    /// Creates a router without routes.
    package init() {
        entries = []
        hosts = HostTable([])
        trie = PathTrie(PathTrieBuilder())
        leaves = []
    }

    /// Compiles the routes.
    ///
    /// - Throws: All problems of the routes at once.
    package init(routes: [(match: RouteMatch, plan: Plan)]) throws(InvalidRoutes) {
        var entries: [Entry] = []
        var problems: [InvalidRoutes.Problem] = []
        for (index, route) in routes.enumerated() {
            var faulty = InvalidRoutes.Collector(route: index)
            let entry = Self.compile(route.match, route.plan, &faulty)
            problems += faulty.problems
            if let entry { entries.append(entry) }
        }
        if !problems.isEmpty { throw InvalidRoutes(problems: problems) }

        var patterns: [HostPattern] = []
        var roots: [HostPattern: Int] = [:]
        var builder = PathTrieBuilder()
        var leaves: [[Int]] = []
        for (index, entry) in entries.enumerated() {
            for host in entry.hosts {
                let root: Int
                if let known = roots[host] {
                    root = known
                } else {
                    root = builder.addRoot()
                    roots[host] = root
                    patterns.append(host)
                }
                let leaf = builder.insert(entry.pattern, root: root)
                if leaf == leaves.count { leaves.append([]) }
                if leaves[leaf].last != index { leaves[leaf].append(index) }
            }
        }
        for leaf in leaves.indices {
            leaves[leaf].sort { Self.rank(of: $0, entries[$0]) < Self.rank(of: $1, entries[$1]) }
        }
        self.entries = entries
        self.hosts = HostTable(patterns)
        self.trie = PathTrie(builder)
        self.leaves = leaves
    }

    private init(entries: [Entry], hosts: HostTable, trie: PathTrie, leaves: [[Int]]) {
        self.entries = entries
        self.hosts = hosts
        self.trie = trie
        self.leaves = leaves
    }

    /// Returns a router that finds the indices of the routes.
    package func indexed() -> Router<Int> {
        let entries = self.entries.enumerated().map { index, entry in
            Router<Int>.Entry(
                plan: index,
                hosts: entry.hosts,
                pattern: entry.pattern,
                methods: entry.methods,
                headers: entry.headers,
                query: entry.query
            )
        }
        return Router<Int>(entries: entries, hosts: self.hosts, trie: self.trie, leaves: self.leaves)
    }

    /// Returns the most specific route that matches a request.
    ///
    /// - Parameter captures: Replaced by the captures of the route.
    package func route<Request: RoutedRequest>(_ request: Request, captures: inout PathCaptures) -> Result {
        captures.removeAll()
        var visited = 0
        return route(request, captures: &captures, visited: &visited)
    }

    /// Returns the most specific route that matches a request.
    ///
    /// - Parameter visited: Incremented for each visited node.
    package func route<Request: RoutedRequest>(
        _ request: Request,
        captures: inout PathCaptures,
        visited: inout Int
    ) -> Result {
        let method = MethodSet.Candidate(request.method)
        let path = request.path
        var found = -1
        var refusedMethod = false
        var entry = hosts.entry(for: request.host)
        while let root = entry {
            let accepted = trie.walk(path, root: root, captures: &captures, visited: &visited) { leaf in
                found = select(from: leaf, request, method, &refusedMethod)
                return found >= 0
            }
            if accepted { return .found(entries[found].plan, route: found) }
            entry = hosts.entry(after: root)
        }
        return refusedMethod ? .methodNotAllowed(allow: allow(for: request)) : .notFound
    }

    /// Returns whether a route matches the host and path of the request, regardless of its method and conditions.
    func hasPath<Request: RoutedRequest>(of request: Request) -> Bool {
        var captures = PathCaptures()
        var visited = 0
        var entry = hosts.entry(for: request.host)
        while let root = entry {
            let isFound = trie.walk(request.path, root: root, captures: &captures, visited: &visited) { _ in true }
            if isFound { return true }
            entry = hosts.entry(after: root)
        }
        return false
    }

    /// Returns the route of a leaf that matches the request, or a negative number.
    private func select<Request: RoutedRequest>(
        from leaf: Int,
        _ request: Request,
        _ method: MethodSet.Candidate,
        _ refusedMethod: inout Bool
    ) -> Int {
        var takesAsGet = -1
        var takes = -1
        for index in leaves[leaf] {
            let verdict = entries[index].methods.verdict(on: method)
            if verdict == .refuses, refusedMethod { continue }
            guard entries[index].conditionsHold(for: request) else { continue }
            switch verdict {
            case .refuses: refusedMethod = true
            case .takes:
                if !method.isHead { return index }
                // If a route of this host and path names HEAD, routes that name only GET no longer accept it.
                if entries[index].methods.namesHead { return takes >= 0 ? takes : index }
                if takes < 0 { takes = index }
            case .takesAsGet:
                if takesAsGet < 0 { takesAsGet = index }
            }
        }
        if takesAsGet < 0 { return takes }
        if takes < 0 { return takesAsGet }
        return Self.rank(of: takesAsGet, entries[takesAsGet]) < Self.rank(of: takes, entries[takes])
            ? takesAsGet : takes
    }

    /// Returns the methods of all routes that match the request except for its method.
    private func allow<Request: RoutedRequest>(for request: Request) -> String {
        var names: Set<String> = []
        var captures = PathCaptures()
        var visited = 0
        var entry = hosts.entry(for: request.host)
        while let root = entry {
            _ = trie.walk(request.path, root: root, captures: &captures, visited: &visited) { leaf in
                for index in leaves[leaf] where entries[index].conditionsHold(for: request) {
                    names.formUnion(entries[index].methods.allowed)
                }
                return false
            }
            entry = hosts.entry(after: root)
        }
        return names.sorted().joined(separator: ", ")
    }

    /// Returns the sort key of a route among those with the same host and path.
    private static func rank(of index: Int, _ entry: Entry) -> (Int, Int, Int) {
        (-(entry.headers.count + entry.query.count), entry.methods.isAny ? 1 : 0, index)
    }
}

extension Router: Sendable where Plan: Sendable {}
extension Router.Entry: Sendable where Plan: Sendable {}
extension Router.Result: Sendable where Plan: Sendable {}
