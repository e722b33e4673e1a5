package import GatewaySettings

/// The users of basic authentication, from the configuration and its file.
package struct PasswordUsers: Sendable {
    /// One user.
    package struct User: Sendable, Hashable {
        package let name: String
        package let password: PasswordHash
        package var plan: String?
        package var scope: [String] = []

        package init(name: String, password: PasswordHash, plan: String? = nil, scope: [String] = []) {
            self.name = name
            self.password = password
            self.plan = plan
            self.scope = scope
        }
    }

    package let users: [User]
    private let byName: [String: Int]

    /// Of two users with one name, the first counts.
    package init(_ users: [User]) {
        self.users = users
        self.byName = Dictionary(zip(users.map(\.name), users.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The users in the configuration, followed by those of the file.
    package init(_ configuration: BasicConfiguration, file: [User]) {
        let own = configuration.users.sorted { $0.key < $1.key }.map { name, user in
            User(
                name: name,
                password: user.password,
                plan: user.plan.isEmpty ? nil : user.plan,
                scope: user.scope.flatMap { $0.split(separator: " ").map(String.init) }
            )
        }
        self.init(own + file)
    }

    /// The hash that a password is compared with.
    package enum OnLookup: Hashable, Sendable {
        /// The user's own hash.
        case user(Int, PasswordHash)
        /// There is no such user. The hash of another one is computed all the same, so that the time of a response does
        /// not tell who exists.
        case nobody(PasswordHash)
        /// There are no users at all.
        case empty
    }

    /// Finds the hash to compare with.
    ///
    /// - Parameter choice: A number that depends on the name and a secret, so that each unknown name always has the cost
    ///   of the same user.
    package func lookUp(_ name: String, choice: UInt64) -> OnLookup {
        if let index = self.byName[name] { return .user(index, self.users[index].password) }
        guard !self.users.isEmpty else { return .empty }
        return .nobody(self.users[Int(choice % UInt64(self.users.count))].password)
    }
}
