create table books (id text);
