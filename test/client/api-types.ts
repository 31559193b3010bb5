// Made of the OpenAPI document by openapi-typescript. UPDATE_GOLDEN=1 makes it anew: test/client/client.test.ts

export interface paths {
    "/v1/{org}/{app}/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listDeployments"];
        put?: never;
        post: operations["createDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/deployments/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["previewDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/deployments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getDeployment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/deployments/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/deployments/{id}/artifact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["downloadArtifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/deployments/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["rollbackDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/deployments/{id}/block": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["blockDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/deployments/{id}/unblock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["unblockDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}/undeploy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["undeploy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/{app}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getApp"];
        put: operations["registerApp"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listApps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/-/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listOrgDeployments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/{org}/-/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listOrgEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/flux-events/{envName}/{org}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["receiveFluxEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        App: {
            org: string;
            app: string;
            missingSince?: string;
            environments: {
                envName: string;
                source: {
                    isThere: boolean;
                    since?: string;
                };
                wanted?: {
                    id: string;
                    kind: "deploy" | "undeploy" | "rollback";
                    state: "accepted" | "building" | "uploaded" | "published" | "applied" | "removed" | "failed" | "rejected" | "superseded";
                    sequence: number;
                    tagName?: string;
                    commit?: string;
                };
                published?: {
                    id: string;
                    kind: "deploy" | "undeploy" | "rollback";
                    state: "accepted" | "building" | "uploaded" | "published" | "applied" | "removed" | "failed" | "rejected" | "superseded";
                    sequence: number;
                    tagName?: string;
                    commit?: string;
                    since?: string;
                };
                applied?: {
                    id: string;
                    kind: "deploy" | "undeploy" | "rollback";
                    state: "accepted" | "building" | "uploaded" | "published" | "applied" | "removed" | "failed" | "rejected" | "superseded";
                    sequence: number;
                    tagName?: string;
                    commit?: string;
                    since?: string;
                    helmRevision?: number;
                };
                inStep: boolean;
                reason?: string;
            }[];
        };
        AppPage: {
            apps: components["schemas"]["App"][];
            nextCursor?: string;
        };
        BlockRequest: {
            reason: string;
        };
        Cause: {
            kind: "repository" | "studio" | "configuration" | "deployment" | "service";
            text: string;
            file?: string;
            commit?: string;
            table?: string;
            version?: string;
            deploymentId?: string;
        };
        Change: {
            document: string;
            path: string;
            before?: unknown;
            after?: unknown;
            text: string;
            cause: components["schemas"]["Cause"];
        };
        DeployRequest: {
            envName: string;
            tagName?: string;
            commit?: string;
            fromDeploymentId?: string;
            ifInputsDigest?: string;
            reason?: string;
        } & ({
            tagName: string;
            fromDeploymentId?: never;
        } | {
            fromDeploymentId: string;
            tagName?: never;
            commit?: never;
        });
        Deployment: {
            id: string;
            org: string;
            app: string;
            envName: string;
            kind: "deploy" | "undeploy" | "rollback";
            origin: "api" | "drop" | "storage";
            state: "accepted" | "building" | "uploaded" | "published" | "applied" | "removed" | "failed" | "rejected" | "superseded";
            sequence: number;
            tagName?: string;
            commit?: string;
            createdBy: string;
            createdAt: string;
            updatedAt: string;
            publishedAt?: string;
            fromDeploymentId?: string;
            reason?: string;
            blocked?: {
                since: string;
                by: string;
                reason: string;
            };
            inputsDigest?: string;
            deployDigest?: string;
            artifact?: {
                sha256: string;
                bytes: number;
                removedAt?: string;
            };
            problems: components["schemas"]["ProblemItem"][];
            warnings: components["schemas"]["ProblemItem"][];
            cluster?: {
                state: "waiting" | "silent" | "applied" | "failed" | "removed";
                message: string;
                at: string;
                helmRevision?: number;
            };
            links: {
                self: string;
            };
        };
        DeploymentDetails: {
            id: string;
            org: string;
            app: string;
            envName: string;
            kind: "deploy" | "undeploy" | "rollback";
            origin: "api" | "drop" | "storage";
            state: "accepted" | "building" | "uploaded" | "published" | "applied" | "removed" | "failed" | "rejected" | "superseded";
            sequence: number;
            tagName?: string;
            commit?: string;
            createdBy: string;
            createdAt: string;
            updatedAt: string;
            publishedAt?: string;
            fromDeploymentId?: string;
            reason?: string;
            blocked?: {
                since: string;
                by: string;
                reason: string;
            };
            inputsDigest?: string;
            deployDigest?: string;
            artifact?: {
                sha256: string;
                bytes: number;
                removedAt?: string;
            };
            problems: components["schemas"]["ProblemItem"][];
            warnings: components["schemas"]["ProblemItem"][];
            cluster?: {
                state: "waiting" | "silent" | "applied" | "failed" | "removed";
                message: string;
                at: string;
                helmRevision?: number;
            };
            links: {
                self: string;
            };
            steps: {
                [key: string]: string;
            };
            events: components["schemas"]["Event"][];
        };
        DeploymentPage: {
            deployments: components["schemas"]["Deployment"][];
            nextCursor?: string;
        };
        Event: {
            id: number;
            deploymentId: string;
            type: string;
            message: string;
            origin: "api" | "accept" | "publish" | "timer" | "flux" | "operator";
            details?: {
                [key: string]: unknown;
            };
            createdAt: string;
        };
        EventPage: {
            events: components["schemas"]["Event"][];
            after: number;
            isMore: boolean;
        };
        FluxEventOutcome: {
            outcome: "moved" | "kept" | "repeated" | "ignored";
            deploymentId?: string;
            state?: string;
        };
        Health: {
            status: "healthy" | "degraded" | "unhealthy";
            checks: {
                name: string;
                status: "ok" | "failing";
                message?: string;
                durationMs: number;
            }[];
            holds: {
                envName: string;
                org: string;
                app: string;
                code: string;
                message: string;
                since: string;
            }[];
            holdCount: number;
            problems: components["schemas"]["ProblemItem"][];
        };
        Preview: {
            org: string;
            app: string;
            envName: string;
            kind: "deploy" | "undeploy" | "rollback";
            tagName?: string;
            commit?: string;
            fromDeploymentId?: string;
            inputsDigest: string;
            inputs: {
                [key: string]: unknown;
            };
            documents: {
                path: string;
                content: string;
            }[];
            published?: {
                deploymentId: string;
                tagName?: string;
                sequence: number;
            };
            isSame: boolean;
            changes: components["schemas"]["Change"][];
            changeCount: number;
            diff: string;
            warnings: components["schemas"]["ProblemItem"][];
        };
        PreviewRequest: {
            envName: string;
            tagName?: string;
            commit?: string;
            fromDeploymentId?: string;
        } & ({
            tagName: string;
            fromDeploymentId?: never;
        } | {
            fromDeploymentId: string;
            tagName?: never;
            commit?: never;
        });
        Problem: {
            type: string;
            title: string;
            status: number;
            code: "REQUEST_INVALID" | "REQUEST_TOO_LARGE" | "CONTENT_TYPE_UNSUPPORTED" | "IDEMPOTENCY_KEY_REUSED" | "UNAUTHENTICATED" | "ORG_UNKNOWN" | "FORBIDDEN" | "ROUTE_UNKNOWN" | "METHOD_NOT_ALLOWED" | "APP_UNKNOWN" | "APP_NAME_UNSUPPORTED" | "ENVIRONMENT_UNKNOWN" | "CLUSTER_UNKNOWN" | "RELEASE_UNKNOWN" | "RELEASE_NOT_SUCCEEDED" | "COMMIT_UNKNOWN" | "COMMIT_MISMATCH" | "DEPLOYMENT_UNKNOWN" | "DROP_REFUSED" | "DEPLOYMENT_NOT_ACCEPTED" | "ARTIFACT_REMOVED" | "DEPLOYMENT_BLOCKED" | "INPUTS_CHANGED" | "TOO_MANY_REQUESTS" | "GITEA_UNAVAILABLE" | "GITEA_DENIED" | "GITEA_ARCHIVE_INVALID" | "DATABASE_UNAVAILABLE" | "IDENTITY_UNAVAILABLE" | "STORAGE_UNAVAILABLE" | "CONFIGURATION_INVALID" | "LEDGER_STALE" | "LEDGER_FOREIGN" | "STORAGE_EMPTY" | "PUBLISH_CONTENDED" | "ZIP_STRUCTURE" | "ZIP_TYPE" | "ZIP_UNSUPPORTED" | "ZIP_DATA" | "ZIP_LIMIT" | "FILE_NAME_UNSAFE" | "FILE_NAME_COLLISION" | "MANIFEST_MISSING" | "MANIFEST_INVALID" | "MANIFEST_MISMATCH" | "YAML_INVALID" | "YAML_UNSAFE" | "VALUES_INVALID" | "APP_METADATA_INVALID" | "APP_ID_MISMATCH" | "APP_POLICY_MISSING" | "APP_TEXT_INVALID" | "CHART_TEMPLATES_UNSUPPORTED" | "SUBMODULE_UNSUPPORTED" | "SYMLINK_UNSUPPORTED" | "KIND_NOT_ALLOWED" | "RELEASE_POLICY" | "SECRET_IN_ARTIFACT" | "ARTIFACT_PATH_INVALID" | "ARTIFACT_DIGEST_MISMATCH" | "DROP_NOT_ALLOWED" | "LEDGER_REBUILT" | "BUILD_ABANDONED" | "ACCEPT_FAILED" | "CLUSTER_FAILED" | "SCOPES_CHANGED" | "PLATFORM_DATA_STAYS" | "SOURCE_IN_USE" | "INTERNAL";
            detail: string;
            instance: string;
            whatToDo: string;
            problems: components["schemas"]["ProblemItem"][];
            deploymentId?: string;
        };
        ProblemItem: {
            code: "REQUEST_INVALID" | "REQUEST_TOO_LARGE" | "CONTENT_TYPE_UNSUPPORTED" | "IDEMPOTENCY_KEY_REUSED" | "UNAUTHENTICATED" | "ORG_UNKNOWN" | "FORBIDDEN" | "ROUTE_UNKNOWN" | "METHOD_NOT_ALLOWED" | "APP_UNKNOWN" | "APP_NAME_UNSUPPORTED" | "ENVIRONMENT_UNKNOWN" | "CLUSTER_UNKNOWN" | "RELEASE_UNKNOWN" | "RELEASE_NOT_SUCCEEDED" | "COMMIT_UNKNOWN" | "COMMIT_MISMATCH" | "DEPLOYMENT_UNKNOWN" | "DROP_REFUSED" | "DEPLOYMENT_NOT_ACCEPTED" | "ARTIFACT_REMOVED" | "DEPLOYMENT_BLOCKED" | "INPUTS_CHANGED" | "TOO_MANY_REQUESTS" | "GITEA_UNAVAILABLE" | "GITEA_DENIED" | "GITEA_ARCHIVE_INVALID" | "DATABASE_UNAVAILABLE" | "IDENTITY_UNAVAILABLE" | "STORAGE_UNAVAILABLE" | "CONFIGURATION_INVALID" | "LEDGER_STALE" | "LEDGER_FOREIGN" | "STORAGE_EMPTY" | "PUBLISH_CONTENDED" | "ZIP_STRUCTURE" | "ZIP_TYPE" | "ZIP_UNSUPPORTED" | "ZIP_DATA" | "ZIP_LIMIT" | "FILE_NAME_UNSAFE" | "FILE_NAME_COLLISION" | "MANIFEST_MISSING" | "MANIFEST_INVALID" | "MANIFEST_MISMATCH" | "YAML_INVALID" | "YAML_UNSAFE" | "VALUES_INVALID" | "APP_METADATA_INVALID" | "APP_ID_MISMATCH" | "APP_POLICY_MISSING" | "APP_TEXT_INVALID" | "CHART_TEMPLATES_UNSUPPORTED" | "SUBMODULE_UNSUPPORTED" | "SYMLINK_UNSUPPORTED" | "KIND_NOT_ALLOWED" | "RELEASE_POLICY" | "SECRET_IN_ARTIFACT" | "ARTIFACT_PATH_INVALID" | "ARTIFACT_DIGEST_MISMATCH" | "DROP_NOT_ALLOWED" | "LEDGER_REBUILT" | "BUILD_ABANDONED" | "ACCEPT_FAILED" | "CLUSTER_FAILED" | "SCOPES_CHANGED" | "PLATFORM_DATA_STAYS" | "SOURCE_IN_USE" | "INTERNAL";
            message: string;
            path?: string;
        };
        RollbackRequest: {
            reason?: string;
        };
        UndeployRequest: {
            envName: string;
            reason?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listDeployments: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                envName?: string;
                state?: "accepted" | "building" | "uploaded" | "published" | "applied" | "removed" | "failed" | "rejected" | "superseded";
                kind?: "deploy" | "undeploy" | "rollback";
                tagName?: string;
                createdBy?: string;
                createdFrom?: string;
                createdTo?: string;
            };
            header?: never;
            path: {
                org: string;
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentPage"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createDeployment: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
                traceparent?: string;
                tracestate?: string;
            };
            path: {
                org: string;
                app: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeployRequest"];
            };
        };
        responses: {
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                org: string;
                app: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                org: string;
                app: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentDetails"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                after?: number;
                wait?: number;
                limit?: number;
            };
            header?: never;
            path: {
                org: string;
                app: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    downloadArtifact: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string;
            };
            path: {
                org: string;
                app: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    ETag?: string;
                    "Repr-Digest"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            304: {
                headers: {
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollbackDeployment: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
                traceparent?: string;
                tracestate?: string;
            };
            path: {
                org: string;
                app: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RollbackRequest"];
            };
        };
        responses: {
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    blockDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                org: string;
                app: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BlockRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unblockDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                org: string;
                app: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undeploy: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
                traceparent?: string;
                tracestate?: string;
            };
            path: {
                org: string;
                app: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UndeployRequest"];
            };
        };
        responses: {
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getApp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                org: string;
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerApp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                org: string;
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listApps: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                org: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppPage"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOrgDeployments: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                envName?: string;
                state?: "accepted" | "building" | "uploaded" | "published" | "applied" | "removed" | "failed" | "rejected" | "superseded";
                kind?: "deploy" | "undeploy" | "rollback";
                tagName?: string;
                createdBy?: string;
                createdFrom?: string;
                createdTo?: string;
            };
            header?: never;
            path: {
                org: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentPage"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOrgEvents: {
        parameters: {
            query?: {
                after?: number;
                wait?: number;
                limit?: number;
            };
            header?: never;
            path: {
                org: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receiveFluxEvent: {
        parameters: {
            query?: never;
            header?: {
                "X-Signature"?: string;
            };
            path: {
                envName: string;
                org: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FluxEventOutcome"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: {
                headers: {
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                        paths: {
                            [key: string]: unknown;
                        };
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
