// Serverless Devs calls this once the files are there. npm packs no file that is named .gitignore, so it comes under another name, as .env does.
exports.postInit = async ({ appPath, artTemplate, fs }) => {
  artTemplate('_env');
  for (const name of ['env', 'gitignore']) {
    fs.renameSync(`${appPath}/_${name}`, `${appPath}/.${name}`);
  }
};
