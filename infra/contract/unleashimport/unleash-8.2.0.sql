-- The tables of unleash-server 8.2.0 that an import reads, as its migrations leave them (PostgreSQL 15), with every constraint
-- on these columns. Columns that say nothing of users or tokens are left out.
CREATE TABLE users (
    id serial PRIMARY KEY,
    name varchar(255),
    username varchar(255) UNIQUE,
    email varchar(255) UNIQUE,
    password_hash varchar(255),
    created_at timestamp without time zone DEFAULT now(),
    seen_at timestamp without time zone,
    deleted_at timestamp with time zone,
    is_service boolean DEFAULT false,
    is_system boolean DEFAULT false NOT NULL
);

CREATE TABLE roles (
    id serial PRIMARY KEY,
    name text NOT NULL,
    description text,
    type text DEFAULT 'custom' NOT NULL,
    CONSTRAINT roles_type_name_unique UNIQUE (type, name)
);

CREATE TABLE role_user (
    role_id integer NOT NULL REFERENCES roles(id) ON DELETE CASCADE,
    user_id integer NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    created_at timestamp with time zone DEFAULT now(),
    project varchar(255) NOT NULL,
    PRIMARY KEY (role_id, user_id, project)
);

CREATE TABLE personal_access_tokens (
    secret text,
    description text,
    user_id integer NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    expires_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    id serial PRIMARY KEY,
    selector text UNIQUE,
    verifier text,
    CONSTRAINT personal_access_tokens_credential_shape CHECK (
        (secret IS NOT NULL AND selector IS NULL AND verifier IS NULL) OR
        (secret IS NULL AND selector IS NOT NULL AND verifier IS NOT NULL))
);

CREATE INDEX role_user_user_id_idx ON role_user (user_id);
CREATE INDEX personal_access_tokens_user_id_idx ON personal_access_tokens (user_id);

INSERT INTO roles (id, name, type) VALUES
    (1, 'Admin', 'root'), (2, 'Editor', 'root'), (3, 'Viewer', 'root'),
    (4, 'Owner', 'project'), (5, 'Member', 'project'), (6, 'Reader', 'project');
