# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environments of CI jobs, with the variables that each system documents, and the fields that they make."""

from __future__ import annotations

SHA = "ffac537e6cbbf934b08745a378932722df287a53"

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_BASE_REF": "",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_HEAD_REF": "",
    "GITHUB_JOB": "production",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REPOSITORY": "octocat/hello-world",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_RUN_NUMBER": "3",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_SHA": SHA,
    "GITHUB_TRIGGERING_ACTOR": "hubot",
    "GITHUB_WORKFLOW": "Deploy",
}
GITHUB_FIELDS = {
    "ci.system": "github_actions",
    "ci.url": "https://github.com/octocat/hello-world/actions/runs/1658821493",
    "ci.job": "Deploy / production",
    "ci.run": "3",
    "ci.repository": "octocat/hello-world",
    "ci.branch": "main",
    "ci.commit": SHA,
    "ci.actor": "hubot",
}
GITLAB = {
    "CI": "true",
    "CI_COMMIT_BRANCH": "main",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_SHA": SHA,
    "CI_JOB_ID": "50",
    "CI_JOB_NAME": "deploy: [production]",
    "CI_JOB_URL": "https://gitlab.example.com:8080/group/sub/shop/-/jobs/50",
    "CI_PIPELINE_ID": "1000",
    "CI_PIPELINE_IID": "10",
    "CI_PIPELINE_URL": "https://gitlab.example.com:8080/group/sub/shop/-/pipelines/1000",
    "CI_PROJECT_PATH": "group/sub/shop",
    "CI_SERVER": "yes",
    "GITLAB_CI": "true",
    "GITLAB_USER_EMAIL": "alice@example.com",
    "GITLAB_USER_LOGIN": "alice",
}
GITLAB_FIELDS = {
    "ci.system": "gitlab",
    "ci.url": "https://gitlab.example.com:8080/group/sub/shop/-/jobs/50",
    "ci.job": "deploy: [production]",
    "ci.run": "1000",
    "ci.repository": "group/sub/shop",
    "ci.branch": "main",
    "ci.commit": SHA,
    "ci.actor": "alice",
}
JENKINS = {
    "BUILD_DISPLAY_NAME": "#15",
    "BUILD_ID": "15",
    "BUILD_NUMBER": "15",
    "BUILD_TAG": "jenkins-ops-deploy-15",
    "BUILD_URL": "https://ci.example.com/jenkins/job/ops/job/deploy/15/",
    "BUILD_USER_ID": "alice",
    "GIT_BRANCH": "origin/release/2",
    "GIT_COMMIT": SHA,
    "GIT_URL": "https://git.example.com/ops/deploy.git",
    "JENKINS_URL": "https://ci.example.com/jenkins/",
    "JOB_NAME": "ops/deploy",
}
JENKINS_FIELDS = {
    "ci.system": "jenkins",
    "ci.url": "https://ci.example.com/jenkins/job/ops/job/deploy/15/",
    "ci.job": "ops/deploy",
    "ci.run": "15",
    "ci.repository": "ops/deploy",
    "ci.branch": "release/2",
    "ci.commit": SHA,
    "ci.actor": "alice",
}
AZURE = {
    "AGENT_JOBNAME": "Job",
    "BUILD_BUILDID": "1430",
    "BUILD_BUILDNUMBER": "20261123.3",
    "BUILD_DEFINITIONNAME": "Shop deployment",
    "BUILD_REPOSITORY_NAME": "Scripts",
    "BUILD_REPOSITORY_URI": "https://dev.azure.com/fabrikamfiber/_git/Scripts",
    "BUILD_REQUESTEDFOR": "Raisa Pokrovskaya",
    "BUILD_REQUESTEDFOREMAIL": "raisa@example.com",
    "BUILD_SOURCEBRANCH": "refs/heads/feature/tools",
    "BUILD_SOURCEBRANCHNAME": "tools",
    "BUILD_SOURCEVERSION": SHA,
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/fabrikamfiber/",
    "SYSTEM_JOBDISPLAYNAME": "Production",
    "SYSTEM_TEAMPROJECT": "Fabrikam Fiber & Söhne",
    "TF_BUILD": "True",
}
AZURE_FIELDS = {
    "ci.system": "azure_pipelines",
    "ci.url": "https://dev.azure.com/fabrikamfiber/Fabrikam%20Fiber%20%26%20S%C3%B6hne/_build/results?buildId=1430",
    "ci.job": "Shop deployment / Production",
    "ci.run": "20261123.3",
    "ci.repository": "Scripts",
    "ci.branch": "feature/tools",
    "ci.commit": SHA,
    "ci.actor": "Raisa Pokrovskaya",
}
BITBUCKET = {
    "BITBUCKET_BRANCH": "main",
    "BITBUCKET_BUILD_NUMBER": "5",
    "BITBUCKET_COMMIT": SHA,
    "BITBUCKET_GIT_HTTP_ORIGIN": "http://bitbucket.org/acme/shop",
    "BITBUCKET_GIT_SSH_ORIGIN": "git@bitbucket.org:acme/shop.git",
    "BITBUCKET_REPO_FULL_NAME": "acme/shop",
    "BITBUCKET_STEP_TRIGGERER_UUID": "{247b8d5e-0b3e-4a04-a4d7-8e5e8d8d3a11}",
    "BITBUCKET_WORKSPACE": "acme",
    "CI": "true",
}
BITBUCKET_FIELDS = {
    "ci.system": "bitbucket",
    "ci.url": "http://bitbucket.org/acme/shop/pipelines/results/5",
    "ci.run": "5",
    "ci.repository": "acme/shop",
    "ci.branch": "main",
    "ci.commit": SHA,
    "ci.actor": "{247b8d5e-0b3e-4a04-a4d7-8e5e8d8d3a11}",
}
BUILDKITE = {
    "BUILDKITE": "true",
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_BUILD_CREATOR": "Carol Danvers",
    "BUILDKITE_BUILD_CREATOR_EMAIL": "cdanvers@kree-net.com",
    "BUILDKITE_BUILD_NUMBER": "1514",
    "BUILDKITE_BUILD_URL": "https://buildkite.com/acme-inc/my-project/builds/1514",
    "BUILDKITE_COMMIT": SHA,
    "BUILDKITE_LABEL": ":hammer: Specs",
    "BUILDKITE_PIPELINE_SLUG": "my-project",
    "BUILDKITE_REPO": "git@github.com:acme-inc/my-project.git",
    "BUILDKITE_TAG": "",
    "CI": "true",
}
BUILDKITE_FIELDS = {
    "ci.system": "buildkite",
    "ci.url": "https://buildkite.com/acme-inc/my-project/builds/1514",
    "ci.job": "my-project / :hammer: Specs",
    "ci.run": "1514",
    "ci.repository": "acme-inc/my-project",
    "ci.branch": "main",
    "ci.commit": SHA,
    "ci.actor": "Carol Danvers",
}
SYSTEMS = {
    "github_actions": (GITHUB, GITHUB_FIELDS),
    "gitlab": (GITLAB, GITLAB_FIELDS),
    "jenkins": (JENKINS, JENKINS_FIELDS),
    "azure_pipelines": (AZURE, AZURE_FIELDS),
    "bitbucket": (BITBUCKET, BITBUCKET_FIELDS),
    "buildkite": (BUILDKITE, BUILDKITE_FIELDS),
}
